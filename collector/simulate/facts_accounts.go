package simulate

import (
	"fmt"
	"slices"
	"time"
)

// accounts are what the machine's own accounts and rules look like.
func (o observer) accounts(check string) any {
	by, policy := "pam_pwquality", "/etc/security/pwquality.conf"
	if o.Windows {
		by, policy = "windows", "account_policy"
	}
	rule := func(good int, weak Kind) facts {
		if o.has(weak) {
			good = 0
		}
		return facts{"value": good, "by": by, "source": policy}
	}
	switch check {
	case "accounts.password_length":
		return rule(12, WeakRules)
	case "accounts.password_composition":
		return rule(3, WeakRules)
	case "accounts.password_username":
		return rule(1, WeakRules)
	case "accounts.lockout":
		out := rule(3, NoLockout)
		out["seconds"], out["seconds_source"], out["window"], out["window_source"] = 0, policy, 900, policy
		return out
	case "accounts.lockout_release":
		return facts{"value": 3, "by": by, "source": policy, "seconds": 0, "seconds_source": policy, "window": 900, "window_source": policy}
	case "accounts.password_history":
		return facts{"remember": 5, "by": by, "source": policy, "min_seconds": 86400, "min_source": policy}
	case "accounts.password_age":
		return o.passwordAge(policy)
	case "accounts.password_first", "accounts.password_blank":
		return facts{}
	case "accounts.password_store":
		if o.Windows {
			return facts{"windows": facts{"lm_hash": false, "reversible": false, "clear_in_memory": false, "protected": true}}
		}
		return facts{"linux": facts{"files": []facts{{"path": "/etc/shadow", "mode": "640", "owner": "0", "group": "shadow"}},
			"method": "yescrypt", "method_source": "/etc/pam.d/common-password", "method_known": true, "schemes": facts{"yescrypt": 1 + len(o.people())}}}
	case "accounts.shares":
		if o.has(OpenShare) {
			return facts{"served": true, "shares": []facts{{"name": "Publico", "path": o.place("Publico"), "source": "configuración", "strangers": "write", "accounts": "write"}}}
		}
		return facts{"served": o.Form == Server}
	case "accounts.remote":
		out := facts{"tools_as_of": "2026-11-22"}
		if o.has(RemoteTool) {
			out["tools"] = []facts{{"name": "AnyDesk", "how": "service"}}
		}
		return out
	case "accounts.leavers":
		return o.leaversSeen()
	}
	return o.accountsListed(check)
}

func (o observer) place(name string) string {
	if o.Windows {
		return `C:\` + name
	}
	return "/srv/" + name
}

func (o observer) passwordAge(policy string) facts {
	limit := 365
	var list []facts
	for i, p := range o.people() {
		// People change theirs twice a year, each on a day of their own.
		age := (o.day + o.pick(p.Account, 180)) % 180
		if o.has(OldPassword) && i == 0 {
			age = 380 + o.pick("old", 900)
		}
		entry := facts{"name": p.Account, "changed": o.at.UTC().Truncate(24*time.Hour).AddDate(0, 0, -age)}
		if o.Windows {
			entry["sid"] = o.sid(i)
		}
		list = append(list, entry)
	}
	return facts{"max_days": limit, "source": policy, "accounts": list}
}

func (o observer) leaversSeen() facts {
	out := facts{"looked": o.leavers}
	var left []facts
	for _, p := range o.people() {
		if !p.Works(o.day) && slices.Contains(o.leavers, p.Account) {
			left = append(left, facts{"account": p.Account, "kind": "account"})
		}
	}
	if len(left) > 0 {
		out["residues"] = left
	}
	return out
}

func (o observer) accountsListed(check string) facts {
	var list, admins []facts
	for i, p := range o.people() {
		entry := facts{"name": p.Account}
		switch {
		case check == "accounts.snapshot":
			entry["used"], entry["set"] = o.monday(0), o.monday(20)
			entry["id"] = fmt.Sprint(1000 + i)
			if o.Windows {
				entry["id"] = o.sid(i)
			}
			if o.has(Admins) && i == 0 {
				entry["privileges"] = []string{"S-1-5-32-544"}
			}
		case o.Windows:
			entry["sid"] = o.sid(i)
		}
		list = append(list, entry)
		if o.has(Admins) && i == 0 {
			admins = append(admins, facts{"name": p.Account, "via": "S-1-5-32-544"})
		}
	}
	if o.has(SharedUser) {
		shared := facts{"name": "ventanilla"}
		if check == "accounts.snapshot" {
			shared["id"], shared["used"], shared["set"] = "1099", o.monday(0), o.monday(30)
		}
		list = append(list, shared)
	}
	switch check {
	case "accounts.privileges":
		out := facts{"admins": append([]facts{{"name": "Administrador", "via": "S-1-5-32-544", "built_in": true, "closed": true}}, admins...)}
		if o.Windows {
			out["uac"] = true
		}
		return out
	case "accounts.snapshot":
		return facts{"accounts": list, "logs_since": o.monday(40)}
	default: // unique, temporary
		return facts{"accounts": list}
	}
}
