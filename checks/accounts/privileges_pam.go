package accounts

import (
	"context"
	"slices"
	"strings"

	"vigia/checks/format/pam"
	"vigia/checks/format/shadow"
)

// passwordless adds whom PAM lets become root without a password: su(1) by itself, sudo
// and pkexec where they have the right.
func (r *reader) passwordless(ctx context.Context, local directory, seen *privilegeFacts) {
	for _, service := range []string{"su", "su-l", "sudo", "sudo-i", "polkit-1"} {
		if !r.exists(ctx, service) {
			continue
		}
		stack := r.stack(ctx, service)
		if stack == nil {
			continue
		}
		for _, who := range trusted(stack, local) {
			if who != "root" {
				seen.NoPassword = append(seen.NoPassword, grantFact{Who: who, Source: pamFile(service)})
			}
		}
	}
}

// trusted lists whom a stack lets through who gives no password: "ALL", or the members of
// groups that its rules name.
func trusted(stack *pam.Stack, local directory) []string {
	through := func(group string) bool {
		return stack.Dispatch(pam.Auth, func(rule pam.Rule) pam.Return { return withoutPassword(rule, group, local) }) == pam.Success
	}
	if through("") {
		return []string{"ALL"}
	}
	var out []string
	for _, rule := range stack.Rules(pam.Auth) {
		if group := ruleGroup(rule, local); group != "" && through(group) {
			out = append(out, local.holders("%"+group)...)
		}
	}
	return distinct(out)
}

// ruleGroup is the group whose members a rule treats apart, empty for none.
func ruleGroup(rule pam.Rule, local directory) string {
	switch {
	case rule.Is("pam_wheel"):
		if group, ok := rule.Arg("group"); ok {
			return group
		}
		for _, g := range local.groups {
			if g.Name == "wheel" {
				return "wheel"
			}
		}
		i := slices.IndexFunc(local.groups, func(g shadow.Group) bool { return g.GID == 0 })
		if i >= 0 {
			return local.groups[i].Name
		}
	case rule.Is("pam_succeed_if"):
		words := strings.Fields(strings.Join(rule.Args, " "))
		for i := 0; i+2 < len(words); i++ {
			if words[i] == "user" && words[i+1] == "ingroup" {
				return words[i+2]
			}
		}
	}
	return ""
}

// withoutPassword is what a module answers to a member of a group, or of none, who is not
// root and gives no password. One that is not known here refuses, so that nothing is said
// to let through what may ask for something else.
func withoutPassword(rule pam.Rule, group string, local directory) pam.Return {
	member := group != "" && ruleGroup(rule, local) == group
	_, trust := rule.Arg("trust")
	_, deny := rule.Arg("deny")
	switch {
	case rule.Is("pam_permit"), rule.Is("pam_localuser"), rule.Is("pam_shells"), rule.Is("pam_usertype"):
		return pam.Success
	case rule.Is("pam_wheel") && member != deny && trust, rule.Is("pam_succeed_if") && member:
		return pam.Success
	case rule.Is("pam_wheel") && (member != deny || trust):
		return pam.Ignore
	case rule.Is("pam_env"), rule.Is("pam_faildelay"), rule.Is("pam_nologin"), rule.Is("pam_group"), rule.Is("pam_keyinit"),
		rule.Is("pam_securetty"), rule.Is("pam_cap"), rule.Is("pam_faillock"), rule.Is("pam_mail"), rule.Is("pam_umask"):
		return pam.Ignore
	}
	return pam.AuthErr
}
