// Package catalog is every check there is, in one explicit list: there is no
// registry that a package adds itself to.
//
// It links no operating system code and no decoder, so that the collector can
// judge again, and say in the reader's language, what any agent measured. Ids
// are unique and every reason has both languages; tests hold it.
package catalog

import (
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/accounts"
	"vigia/checks/auditing"
	"vigia/checks/backup"
	"vigia/checks/directory"
	"vigia/checks/inventory"
	"vigia/checks/media"
	"vigia/checks/message"
	"vigia/checks/personaldata"
	"vigia/checks/protection"
	"vigia/checks/session"
	"vigia/checks/tempfiles"
)

// Catalog is a set of checks with all that they say. It never changes.
type Catalog struct {
	checks   []checks.Check
	byID     map[string]checks.Check
	messages message.Catalogue
}

// New lists every check of every domain.
func New() *Catalog {
	return of(
		session.Checks(),
		accounts.Checks(),
		backup.Checks(),
		directory.Checks(),
		inventory.Checks(),
		media.Checks(),
		personaldata.Checks(),
		tempfiles.Checks(),
		protection.Checks(),
		auditing.Checks(),
	)
}

func of(domains ...[]checks.Check) *Catalog {
	c := &Catalog{byID: map[string]checks.Check{}, messages: checks.Messages()}
	for _, domain := range domains {
		for _, check := range domain {
			info := check.Info()
			c.checks = append(c.checks, check)
			c.byID[info.ID] = check
			c.messages.Merge(info.Messages)
		}
	}
	return c
}

// Lookup finds a check by its id.
func (c *Catalog) Lookup(id string) (checks.Check, bool) {
	check, ok := c.byID[id]
	return check, ok
}

// All lists the checks in the order of their domains.
func (c *Catalog) All() []checks.Check { return slices.Clone(c.checks) }

// Say renders why a status is what it is. A reason that this version does not
// know renders as its code and arguments.
func (c *Catalog) Say(lang message.Lang, r checks.Reason) string {
	return c.messages.Say(lang, r.Code, c.spoken(lang, r.Args))
}

// Do renders what to do about a reason, empty when there is nothing to do.
func (c *Catalog) Do(lang message.Lang, r checks.Reason) string {
	return c.messages.Do(lang, r.Code, c.spoken(lang, r.Args))
}

// spoken replaces arguments that are codes themselves, such as the reason
// {why} for which something was not read: the value v of the argument a is said
// by the entry "a.v", where there is one. A value may be a list of codes, each with
// its count behind it or without: "mx.curp 12, es.dni 3".
func (c *Catalog) spoken(lang message.Lang, args map[string]string) map[string]string {
	if len(args) == 0 {
		return nil
	}
	out := make(map[string]string, len(args))
	for name, value := range args {
		items := strings.Split(value, ", ")
		for i, item := range items {
			code, count, counted := strings.Cut(item, " ")
			e, ok := c.messages[name+"."+code]
			if !ok || counted && strings.Trim(count, "0123456789") != "" {
				continue // not a code, or one of another version: as it is
			}
			items[i] = e.Say.In(lang)
			if counted {
				items[i] += " " + count
			}
		}
		out[name] = strings.Join(items, ", ")
	}
	return out
}
