ALTER TABLE access_users ADD COLUMN external TEXT NOT NULL DEFAULT ''; -- its name there, lower case; empty: its password is checked here
ALTER TABLE access_users ADD COLUMN issuer TEXT NOT NULL DEFAULT '';   -- the provider that vouched for it first
ALTER TABLE access_users ADD COLUMN subject TEXT NOT NULL DEFAULT '';  -- whom that provider knows it as; empty: nobody logged in yet
CREATE UNIQUE INDEX access_users_external ON access_users (via, external) WHERE external <> '';
CREATE UNIQUE INDEX access_users_subject ON access_users (issuer, subject) WHERE subject <> '';
