package directory

import (
	"runtime"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/host/ldap/ldaptest"
)

// A large town hall: what is kept stays small, and what is read does not fill the
// machine.
func TestTwentyThousandAccounts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts slapd with 20000 accounts")
	}
	entries := []string{folders, policyFolder, policyEntry("todos")}
	for i := range 20000 {
		entries = append(entries, userEntry("u"+text(int64(i)), i%1000)) // 634 of each thousand are over a year
	}
	s := ldaptest.Slapd(t, ldaptest.OpenLDAP{
		Policies: true, Default: "cn=todos,ou=politicas," + ldapBase, Config: true, Unlimited: true, Entries: ldif(entries...),
	})
	h := host.New(host.Host{OS: host.Linux, Directory: s.Open(t)})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	res := passwordAge().Run(t.Context(), h, nil)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	t.Logf("%v, %d MiB of heap, %d bytes of facts", took, (after.HeapSys-before.HeapSys)>>20, len(res.Observed))
	if res.Status != checks.Fail || len(res.Findings) > maxNamed+10 || len(res.Observed) > 32<<10 {
		t.Errorf("got %s, %d findings, %d bytes of facts; want fail, bounded", res.Status, len(res.Findings), len(res.Observed))
	}
	if took > deadline/2 {
		t.Errorf("took %v", took)
	}
}
