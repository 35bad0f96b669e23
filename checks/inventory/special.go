package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// specialUtilities is INV-SPECIAL-UTIL: tools that reach around the rights of their user
// are not on a machine, or only where somebody allowed them and administrators alone may
// run them; and nobody but the system reads disks as raw bytes.
func specialUtilities() checks.Check {
	return checks.NewWithParams(
		checks.Info{
			ID: "inventory.special_utilities", Deadline: 4 * time.Minute, Heavy: true,
			Covers: specialCovers(), Messages: specialMessages(),
		},
		specialParams{},
		checks.OnWith[specialFacts, specialParams]{host.Linux: observeSpecialFiles, host.Windows: observeSpecialRegistry},
		judgeSpecial)
}

type specialParams struct {
	// Allowed are ids of tools that the machine may have, such as "wireshark".
	Allowed []string `json:"allowed,omitempty"`
	// DiskGroup are accounts that may be members of the group disk.
	DiskGroup []string `json:"disk_group,omitempty"`
	// Tools are utilities that the organisation adds to the list.
	Tools []utility `json:"tools,omitempty"`
}

// Validate implements checks.Validator.
func (p specialParams) Validate() error {
	if len(p.Tools) > 1000 {
		return fmt.Errorf("%d tools, more than 1000", len(p.Tools))
	}
	for i, u := range p.Tools {
		if err := u.validate(); err != nil {
			return fmt.Errorf("tool %d: %w", i+1, err)
		}
	}
	return nil
}

// specialFacts is the evidence of inventory.special_utilities.
type specialFacts struct {
	// List is the date of the list that was looked with, Added the ids of the tools that
	// the policy added to it.
	List  string   `json:"list"`
	Added []string `json:"added,omitempty"`
	// Found are the tools that are there; More counts the places left out.
	Found []found `json:"found,omitempty"`
	More  int     `json:"more,omitempty"`
	// DiskGroup are the members of the group that reads disks as raw bytes; OpenDevices
	// are the block devices that everybody may read or write.
	DiskGroup   []string `json:"disk_group,omitempty"`
	OpenDevices []string `json:"open_devices,omitempty"`
	// SetUID are programs that read and write anything for whoever runs them: tools of
	// the system that must never run as root for anyone, and programs of people.
	SetUID []string        `json:"setuid,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
}

// found is one place in which a tool is.
type found struct {
	Tool string `json:"tool"`
	Name string `json:"name"`
	Kind string `json:"kind"`
	// How it was recognised: package, product, file_name, or, whatever name the file has,
	// version_resource, signer or hash.
	How   string `json:"how"`
	Where string `json:"where"` // path of the file, or name of the package or product
	// Profile is whose folder it is in, if it is somebody's.
	Profile string `json:"profile,omitempty"`
	// Everyone tells whether people who are no administrators may run it; nil when that
	// could not be told.
	Everyone *bool `json:"everyone,omitempty"`
	// SHA256 is of the file, Original its name and Signer its signer as the file itself
	// says; the signature is read and not validated. Empty where the file is none, does
	// not say, could not be read or is beyond the limits.
	SHA256   string `json:"sha256,omitempty"`
	Original string `json:"original,omitempty"`
	Signer   string `json:"signer,omitempty"`
}

// maxFound bounds the places that are kept.
const maxFound = 500

func (f *specialFacts) add(r found) {
	r.Where = plain(r.Where)
	if len(f.Found) == maxFound {
		f.More++
		return
	}
	f.Found = append(f.Found, r)
}

func (f *specialFacts) finish(ctx context.Context, r *reader, box *toolbox, p specialParams) (specialFacts, error) {
	f.List = box.date
	for _, u := range p.Tools {
		f.Added = append(f.Added, u.ID)
	}
	slices.SortFunc(f.Found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.Tool, b.Tool), cmp.Compare(a.Where, b.Where), cmp.Compare(a.How, b.How))
	})
	f.Found = slices.CompactFunc(f.Found, func(a, b found) bool { return a.Tool == b.Tool && a.Where == b.Where })
	slices.Sort(f.SetUID)
	f.SetUID = slices.Compact(f.SetUID)
	slices.Sort(f.DiskGroup)
	f.DiskGroup = slices.Compact(f.DiskGroup)
	f.Unread = r.unread
	return *f, ctx.Err()
}

// judgeSpecial fails each tool that is not allowed, or that is and everybody may run.
func judgeSpecial(seen specialFacts, p specialParams, _ time.Time) checks.Verdict {
	var v checks.Verdict
	add := func(key string, status checks.Status, code string, args ...string) {
		if len(v.Findings) < maxFindings {
			v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
		}
	}
	tools, bad, blind := 0, 0, 0
	for i := 0; i < len(seen.Found); {
		tool := seen.Found[i].Tool
		n := 1
		for i+n < len(seen.Found) && seen.Found[i+n].Tool == tool {
			n++
		}
		places := seen.Found[i : i+n]
		i += n
		tools++
		shown := plainest(places)
		args := []string{
			"name", shown.Name, "tool_kind", shown.Kind, "known_by", shown.How, "where", shown.Where,
			"profile", cmp.Or(shown.Profile, "-"), "places", strconv.Itoa(n), "id", tool,
		}
		key := "tool/" + tool
		if !slices.Contains(p.Allowed, tool) {
			bad++
			code := "utility.present"
			switch shown.How {
			case "version_resource":
				code = "utility.disguised"
			case "hash":
				code = "utility.hash"
			case "signer":
				code, args = "utility.signer", append(args, "signer", cmp.Or(shown.Signer, "?"))
			}
			add(key, checks.Fail, code, args...)
			continue
		}
		switch {
		case slices.ContainsFunc(places, func(f found) bool { return f.Everyone != nil && *f.Everyone }):
			bad++
			add(key, checks.Fail, "utility.everyone", args...)
		case slices.ContainsFunc(places, func(f found) bool { return f.Everyone == nil }):
			blind++
			add(key, checks.Unknown, "utility.who_unknown", args...)
		}
	}
	for _, member := range seen.DiskGroup {
		if !slices.Contains(p.DiskGroup, member) {
			bad++
			add("disk_group/"+member, checks.Fail, "utility.disk_group", "account", member)
		}
	}
	for _, device := range seen.OpenDevices {
		bad++
		add("device/"+device, checks.Fail, "utility.open_device", "device", device)
	}
	for _, program := range seen.SetUID {
		bad++
		add("setuid/"+program, checks.Fail, "utility.setuid", "program", program)
	}
	unread := unreadNames(seen.Unread)
	for _, u := range p.Tools {
		if !slices.Contains(seen.Added, u.ID) {
			unread = append(unread, u.ID) // the policy has it since the machine was looked at
		}
	}
	if seen.List == "" {
		unread = append(unread, "search") // nobody looked: every look has its list
	}
	if seen.More > 0 {
		unread = append(unread, "+"+strconv.Itoa(seen.More))
	}
	args := []string{"tools", strconv.Itoa(tools), "bad", strconv.Itoa(bad), "list", cmp.Or(seen.List, "?")}
	status, code := checks.Pass, "utility.none"
	switch {
	case bad > 0:
		status, code = checks.Fail, "utility.some"
	case len(unread) > 0:
		status, code = checks.Unknown, "utility.unread"
		args = append(args, "sources", joined(unread))
	case blind > 0:
		status, code = checks.Unknown, "utility.some_unknown"
	case tools > 0:
		code = "utility.allowed"
	}
	v.Status, v.Reason = status, checks.Because(code, args...)
	return v
}

// plainest chooses the place that a finding shows: one with another name first, since
// nobody finds it otherwise.
func plainest(places []found) found {
	for _, f := range places {
		if f.How == "version_resource" || f.How == "hash" || f.How == "signer" {
			return f
		}
	}
	return places[0]
}
