package directory

import (
	"testing"

	"vigia/checks"
	"vigia/checks/host"
)

const reads1 = `{1}to * by dn.exact="cn=vigia,` + ldapBase + `" read by * break`

func TestReadsAll(t *testing.T) {
	t.Parallel()
	r := reader{account: "cn=Vigia, " + ldapBase}
	for _, row := range []struct {
		name  string
		rules []string
		want  bool
	}{
		{"as the guide says", []string{"{0}to attrs=userPassword by self write by anonymous auth by * none", reads1, "{2}to * by * none"}, true},
		{"in another order", []string{"{2}to * by * none", reads1, "{0}to attrs=userPassword by * none"}, true},
		{"as Debian installs it", []string{"{0}to attrs=userPassword by self write by anonymous auth by * none", "{1}to attrs=shadowLastChange by self write by * read", "{2}to * by * read"}, true},
		{"more than ten rules", []string{"{10}to * by * none", "{2}to * by users read"}, true},
		{"a date that is hidden", []string{"{0}to attrs=shadowLastChange by self write by * none", reads1}, false},
		{"a class of attributes that is hidden", []string{"{0}to attrs=@shadowAccount by self write", reads1}, false},
		{"a part that is hidden", []string{`{0}to dn.subtree="ou=externos,` + ldapBase + `" by * none`, reads1}, false},
		{"a part that is shown", []string{`{0}to dn.subtree="ou=externos,` + ldapBase + `" by users read`, reads1}, true},
		{"a part only", []string{`{0}to dn.subtree="ou=personas,` + ldapBase + `" by users read`}, false},
		{"the whole by its name", []string{`{0}to dn.subtree="` + ldapBase + `" by users read`}, true},
		{"chosen by a filter", []string{"{0}to filter=(employeeType=externo) by * none", reads1}, false},
		{"others only", []string{`{0}to * by dn.exact="cn=otro,` + ldapBase + `" read`}, false},
		{"others first", []string{`{0}to * by dn.exact="cn=otro,` + ldapBase + `" write by users read`}, true},
		{"a group that may hold it", []string{`{0}to * by group.exact="cn=g,` + ldapBase + `" none by users read`}, false},
		{"with encryption only", []string{"{0}to * by users ssf=128 read"}, false},
		{"search only", []string{"{0}to * by users search"}, false},
		{"rights one by one", []string{"{0}to * by users =rscd"}, true},
		{"a pattern", []string{`{0}to * by dn.regex="cn=.*" read`}, false},
		{"handed on and not taken up", []string{"{0}to * by * break"}, false},
		{"read and handed on", []string{"{0}to * by users read break", "{1}to * by * none"}, false},
		{"no rule that can be read", nil, false},
		{"nonsense", []string{`{x}to by`, `"`, "{0}to * by"}, false},
	} {
		e := host.DirectoryEntry{Attributes: map[string][]string{"olcAccess": row.rules}}
		if got := r.readsAll(e, ldapBase, accountAttributes()); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
	root := host.DirectoryEntry{Attributes: map[string][]string{"olcRootDN": {"CN=vigia," + ldapBase}}}
	if !r.readsAll(root, ldapBase, accountAttributes()) {
		t.Error("the root of a database sees all of it")
	}
}

func TestSchemes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		scheme, crypt string
		want          checks.Status
	}{
		{"{ARGON2}", "", checks.Pass}, {"{PBKDF2-SHA512}", "", checks.Pass}, {"{SSHA}", "", checks.Warn}, {"{ssha512}", "", checks.Warn},
		{"{SHA512}", "", checks.Fail}, {"{MD5}", "", checks.Fail}, {"{CLEARTEXT}", "", checks.Fail}, {"{RARO}", "", checks.Unknown},
		{"{CRYPT}", "", checks.Unknown}, {"{CRYPT}", cryptDefault, checks.Fail}, {"{CRYPT}", "%.2s", checks.Fail}, {"{CRYPT}", "$1$%.8s", checks.Fail},
		{"{CRYPT}", "$6$%.16s", checks.Pass}, {"{crypt}", "$y$j9T$%.16s", checks.Pass},
	} {
		v := judgeStore(storeFacts{flagFacts: flagFacts{about: about{Kind: openLDAP}}, Schemes: []string{row.scheme}, Crypt: row.crypt}, struct{}{}, today())
		if v.Status != row.want {
			t.Errorf("%s with %q: got %s %v, want %s", row.scheme, row.crypt, v.Status, v.Reason, row.want)
		}
	}
}

// What a directory sends may be anything.
func FuzzSight(f *testing.F) {
	f.Add(readable())
	f.Add(rights(ace(aceDenyObject, 0, 4, sid(11))))
	f.Add(changes(numberControl, 3, numberExpires, 4))
	f.Add(reads1)
	f.Fuzz(func(t *testing.T, s string) {
		if listsChildren(binaryValue(s), nil) {
			t.Error("a token of nobody lists")
		}
		listsChildren(binaryValue(s), map[string]bool{"S-1-5-11": true})
		lastChanges(binaryValue(s))
		r := reader{account: "cn=x"}
		r.readsAll(host.DirectoryEntry{Attributes: map[string][]string{"olcAccess": {s}}}, "", accountAttributes())
		if len(parentOf(s)) > len(s) {
			t.Error("a parent is longer than its child")
		}
	})
}
