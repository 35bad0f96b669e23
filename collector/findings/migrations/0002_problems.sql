-- What is wrong now is a small part of all states that are open.
CREATE INDEX findings_states_problems ON findings_states (until_at)
    WHERE status <> 'pass' AND status <> 'not_applicable';
