package protection

import (
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/format/rpm"
	"vigia/checks/host"
)

// windows is a Windows 11 25H2 whose last cumulative update is newer than all marks and
// was installed on a day, changed by more; nil takes a value away.
func windows(updated string, more map[string]any) map[string]any {
	return windowsAt("26200", "9903", updated, more)
}

// windowsAt is a Windows of a build and a revision that came on a day.
func windowsAt(build, revision, updated string, more map[string]any) map[string]any {
	n, err := strconv.Atoi(revision)
	if err != nil {
		return nil
	}
	out := map[string]any{
		keyVersion + `\CurrentBuildNumber`: build, keyVersion + `\UBR`: n, keyVersion + `\EditionID`: "Professional",
		keyVersion + `\InstallationType`: "Client", keyVersion + `\DisplayVersion`: "25H2", keyVersion + `\ProductName`: "Windows 10 Pro",
		keyPackages + `\Package_for_KB1~31bf3856ad364e35~amd64~~10.0.1.1\CurrentState`: 112,
		keyUpdate + `\Services\x`: 1,
	}
	maps.Copy(out, rollup(revision+".1.7", updated, packageInstalled))
	maps.Copy(out, rollup("2.1.0", "2024-01-20", packageSuperseded))
	for k, v := range more {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

// rollupName is the name of a cumulative update.
const rollupName = `Package_for_RollupFix~31bf3856ad364e35~amd64~~26100.`

// rollup is a cumulative update of a day in a state.
func rollup(version, day string, state int) map[string]any {
	key := keyPackages + `\` + rollupName + version
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil
	}
	ticks := uint64(at.Unix()+11_644_473_600) * 10_000_000
	return map[string]any{key + `\CurrentState`: state, key + `\InstallTimeHigh`: int(ticks >> 32), key + `\InstallTimeLow`: int(ticks & 0xffffffff)}
}

// manifests are those of cumulative updates by their revision, made on a day.
func manifests(days map[string]string) checktest.Files {
	out := checktest.Files{Content: map[string]string{}}
	for revision, day := range days {
		out.Content[`C:\Windows\servicing\Packages\`+rollupName+revision+".1.7.mum"] = `<?xml version="1.0" encoding="utf-8"?>` +
			`<assembly xmlns="urn:schemas-microsoft-com:asm.v3" manifestVersion="1.0" description="Fix for KB1" creationTimeStamp="` + day + `T01:20:30Z" lastUpdateTimeStamp="2026-11-19T01:20:30Z">`
	}
	return out
}

func joined(all ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// system answers who the machine is.
type system struct {
	host.Unsupported
	id host.Identity
}

func (s system) Identity(context.Context) (host.Identity, error) {
	return s.id, nil
}

func TestPatchesOnWindows(t *testing.T) {
	edition := func(edition, kind string) map[string]any {
		return map[string]any{keyVersion + `\EditionID`: edition, keyVersion + `\InstallationType`: kind}
	}
	pending := map[string]any{keyServicing + `\RebootPending\x`: 1}
	of := func(build, kind, name string) map[string]any { // with an update of this month
		return windowsAt(build, "40000", "2026-11-12", edition(name, kind))
	}
	const (
		this = "2026-11-05" // made in time for the second Tuesday of November, the 10th
		last = "2026-10-08" // and for that of October, the 13th
	)
	// The machine is looked at on 20 November 2026.
	for _, row := range []struct {
		name       string
		values     map[string]any
		made       string // day of the manifest; empty: there is none
		unreadable []string
		want       checks.Status
		codes      []string
	}{
		{"this month's", windows("2026-11-12", nil), this, nil, checks.Pass, nil},
		{"last month's, this month's being ten days old", windows("2026-10-20", nil), last, nil, checks.Pass, nil},
		{"of a mark, without a manifest", windowsAt("17763", "9487", "2026-11-12", edition("ServerStandard", "Server")), "", nil, checks.Pass, nil},
		{"below a mark, without a manifest", windowsAt("17763", "9375", "2026-11-12", edition("ServerStandard", "Server")), "", nil, checks.Fail, []string{"patches.overdue"}},
		{"above all marks, without a manifest", windows("2026-11-12", nil), "", nil, checks.Pass, nil}, // October's are there at least
		{"between marks of which one is missing", windowsAt("19044", "7600", "2026-11-12", edition("EnterpriseS", "Client")), "", nil, checks.Fail, []string{"patches.support_ends", "patches.overdue"}},
		{"a server below the marks of servers, above those of others", windowsAt("26100", "32690", "2026-11-12", edition("ServerStandard", "Server")), "", nil, checks.Fail, []string{"patches.overdue"}},
		{"a server at the mark of servers", windowsAt("26100", "33650", "2026-11-12", edition("ServerStandard", "Server")), "", nil, checks.Pass, nil},
		{"a build without marks or manifest", windowsAt("22000", "3260", "2026-11-12", edition("EnterpriseS", "Client")), "", nil, checks.Unknown, []string{"patches.support_unknown", "patches.release_unknown"}},
		{"a manifest that says nothing", windowsAt("22000", "3260", "2026-11-12", nil), "x", nil, checks.Fail, []string{"patches.unsupported", "patches.release_unknown"}},
		{"a manifest that says what cannot be", windowsAt("26200", "8246", "2026-11-12", nil), this, nil, checks.Fail, []string{"patches.overdue"}},
		{"an update without a restart, below the mark of its day", windowsAt("26200", "9700", "2026-10-16", nil), last, nil, checks.Unknown, []string{"patches.release_unsure"}},
		{"an update without a restart, made after the mark", windowsAt("26200", "9700", "2026-10-25", nil), "2026-10-16", nil, checks.Pass, nil},
		{"a mark in an image of the system", windowsAt("26200", "9711", "2026-10-10", nil), "2026-10-08", nil, checks.Pass, nil},
		{"a manifest older than the mark of its revision", windowsAt("26200", "9711", "2026-10-16", nil), "2026-05-07", nil, checks.Pass, nil},
		{"from tomorrow's tomorrow", windows("2026-12-24", nil), this, nil, checks.Unknown, []string{"patches.future"}},
		{"made after tomorrow", windows("2026-11-12", nil), "2026-12-03", nil, checks.Unknown, []string{"patches.future"}},
		{"none on record", windowsAt("22000", "3260", "", map[string]any{keyVersion + `\EditionID`: "EnterpriseS", keyPackages + `\` + rollupName + `2.1.0\CurrentState`: 0x40}), "", nil, checks.Unknown, []string{"patches.support_unknown", "patches.no_update_known"}},
		{"packages unreadable", windows("2026-11-12", nil), this, []string{keyPackages}, checks.Unknown, []string{"patches.unread"}},
		{"version unreadable", windows("2026-11-12", nil), this, []string{keyVersion}, checks.Unknown, []string{"patches.unread", "patches.unread", "patches.unread"}},
		{"a build that nobody knows", windowsAt("30000", "1", "2026-11-12", nil), this, nil, checks.Unknown, []string{"patches.support_unknown"}},
		{"Windows 10 with its last free update", windowsAt("19045", "6456", "2025-10-15", nil), "2025-10-09", nil, checks.Fail, []string{"patches.unsupported", "patches.overdue"}},
		{"Windows 10 with its last free update, installed last week", windowsAt("19045", "6456", "2026-11-12", nil), "2025-10-09", nil, checks.Fail, []string{"patches.unsupported", "patches.overdue"}},
		{"Windows 10 with a mending of its last free update", windowsAt("19045", "6466", "2026-11-12", nil), "2025-11-07", nil, checks.Fail, []string{"patches.unsupported", "patches.overdue"}},
		{"Windows 10 of 2022, installed last week", windowsAt("19045", "2006", "2026-11-12", nil), "", nil, checks.Fail, []string{"patches.unsupported", "patches.overdue"}},
		{"Windows 10 with extended updates", windowsAt("19045", "7901", "2026-11-12", nil), this, nil, checks.Warn, []string{"patches.extended"}},
		{"Windows 10 with old extended updates", windowsAt("19045", "7417", "2026-11-12", nil), "2026-06-04", nil, checks.Fail, []string{"patches.extended", "patches.overdue"}},
		{"Windows 10 LTSC 2016", of("14393", "Client", "EnterpriseS"), this, nil, checks.Warn, []string{"patches.extended"}},
		{"Windows 10 LTSC 2021", of("19044", "Client", "EnterpriseS"), this, nil, checks.Warn, []string{"patches.support_ends"}},
		{"Windows 10 LTSC 2019", of("17763", "Client", "EnterpriseS"), this, nil, checks.Pass, nil},
		{"Windows 10 LTSC of devices", of("19044", "Client", "IoTEnterpriseS"), this, nil, checks.Pass, nil},
		{"Windows 10 LTSC 2019 of devices", of("17763", "Client", "IoTEnterpriseS"), this, nil, checks.Pass, nil},
		{"Windows 11 24H2 Pro", of("26100", "Client", "Core"), this, nil, checks.Fail, []string{"patches.unsupported"}},
		{"Windows 11 24H2 Education", of("26100", "Client", "Education"), this, nil, checks.Pass, nil},
		{"Windows 11 26H2", of("26300", "Client", "Professional"), this, nil, checks.Pass, nil},
		{"Windows 11 23H2 for several users", of("22631", "Client", "ServerRdsh"), this, nil, checks.Fail, []string{"patches.unsupported"}},
		{"Server 2022", of("20348", "Server", "ServerStandard"), this, nil, checks.Pass, nil},
		{"Server 2016", of("14393", "Server", "ServerStandard"), this, nil, checks.Warn, []string{"patches.support_ends"}},
		{"Server 2012 R2", windowsAt("9600", "21620", "2023-10-12", edition("ServerStandard", "Server")), "2023-10-05", nil, checks.Fail, []string{"patches.unsupported", "patches.overdue"}},
		{"restart due since yesterday", joined(windows("2026-10-20", pending), rollup("9950.1.1", "2026-11-19", packageInstallPending)), last, nil, checks.Warn, []string{"patches.restart"}},
		{"restart due for nine days", joined(windows("2026-10-20", pending), rollup("9950.1.1", "2026-11-11", packageInstallPending)), last, nil, checks.Fail, []string{"patches.restart_overdue"}},
		{"restart due, nobody knows since when", windows("2026-11-12", map[string]any{keyUpdate + `\RebootRequired\x`: 1}), this, nil, checks.Warn, []string{"patches.restart_undated"}},
		{"no automatic updates", windows("2026-11-12", map[string]any{keyUpdateGPO + `\AU\NoAutoUpdate`: 1, keyUpdateGPO + `\AU\UseWUServer`: 1}), this, nil, checks.Warn, []string{"patches.no_auto_update"}},
		{"service disabled", windows("2026-11-12", map[string]any{keyServices + `wuauserv\Start`: 4}), this, nil, checks.Warn, []string{"patches.service_disabled"}},
		{"paused", windows("2026-11-12", map[string]any{keyUpdateUX + `\PauseUpdatesExpiryTime`: "2026-12-01T09:00:00Z"}), this, nil, checks.Warn, []string{"patches.paused"}},
		{"was paused", windows("2026-11-12", map[string]any{keyUpdateUX + `\PauseUpdatesExpiryTime`: "2026-06-01T09:00:00Z"}), this, nil, checks.Pass, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := manifests(nil)
			if revision, ok := row.values[keyVersion+`\UBR`].(int); ok && row.made != "" {
				files = manifests(map[string]string{strconv.Itoa(revision): row.made})
			}
			h := host.Host{OS: host.Windows, Now: now, Files: files, Registry: checktest.Registry{Values: row.values, Unreadable: row.unreadable}}
			res := checktest.Run(t, patches(), h, "")
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v\n%s", res.Status, got, row.want, row.codes, res.Findings, res.Observed)
			}
		})
	}
	// Later on no mark tells, and that it was installed lately says nothing.
	for _, row := range []struct {
		name, made, installed string
		want                  checks.Status
		codes                 []string
	}{
		{"this month's", "2027-02-04", "2027-02-12", checks.Pass, nil},
		{"last month's, this month's being eleven days old", "2027-01-07", "2027-01-20", checks.Pass, nil},
		{"last month's preview", "2027-01-21", "2027-02-19", checks.Pass, nil},
		{"that of before last month, installed yesterday", "2026-12-03", "2027-02-19", checks.Fail, []string{"patches.overdue"}},
		{"the preview of before last month, installed yesterday", "2026-12-17", "2027-02-19", checks.Fail, []string{"patches.overdue"}},
		{"either that preview or last month's", "2026-12-28", "2027-02-19", checks.Unknown, []string{"patches.release_unsure"}},
		{"made for last month's, installed before it was out, as in an image", "2027-01-07", "2027-01-09", checks.Unknown, []string{"patches.release_unsure"}},
		{"the preview of before last month, installed before last month's was out", "2026-12-28", "2027-01-05", checks.Fail, []string{"patches.overdue"}},
		{"made for last month's, nobody knows when it was installed", "2027-01-07", "", checks.Unknown, []string{"patches.release_unsure"}},
		{"no manifest", "", "2027-02-19", checks.Unknown, []string{"patches.release_unsure"}},
	} {
		t.Run("later: "+row.name, func(t *testing.T) {
			values := windows(row.installed, map[string]any{keyPackages + `\` + rollupName + `9903.1.7\CurrentState`: packageInstalled})
			files := manifests(nil)
			if row.made != "" {
				files = manifests(map[string]string{"9903": row.made})
			}
			at, _ := parseDay("2027-02-20")
			res := checktest.Run(t, patches(), host.Host{OS: host.Windows, Now: checktest.Clock(at), Files: files, Registry: checktest.Registry{Values: values}}, "")
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v\n%s", res.Status, got, row.want, row.codes, res.Findings, res.Observed)
			}
		})
	}
	t.Run("a mark of the policy", func(t *testing.T) {
		h := host.Host{OS: host.Windows, Now: checktest.Clock(now().AddDate(0, 0, 10)), Registry: checktest.Registry{Values: windows("2026-11-12", nil)}}
		if res := checktest.Run(t, patches(), h, ""); res.Status != checks.Unknown {
			t.Errorf("without it: got %s %v", res.Status, res.Reason)
		}
		if res := checktest.Run(t, patches(), h, `{"releases":{"26200.9902":"2026-11-10"}}`); res.Status != checks.Pass {
			t.Errorf("with it: got %s %v", res.Status, res.Reason)
		}
	})
}

// The program's own marks are second Tuesdays, and of builds whose end of support it knows.
func TestReleases(t *testing.T) {
	systems := supportEnds()
	for revision, day := range releases() {
		at, ok := parseDay(day)
		if !ok || !patchTuesday(at.AddDate(0, 0, -1)).Equal(at) {
			t.Errorf("%s: %s is no second Tuesday", revision, day)
		}
		build, _, _ := strings.Cut(revision, ".")
		if !slices.ContainsFunc(slices.Collect(maps.Keys(systems)), func(s string) bool { return strings.HasPrefix(s, "windows "+build+" ") }) {
			t.Errorf("%s: a build that is not known", revision)
		}
	}
	for _, build := range []string{"14393", "17763", "19044", "19045", "20348", "22631", "26100", "26200", "28000"} {
		for _, server := range []bool{false, true} {
			marks := marksOf(releases(), build, server)
			if len(marks) < 3 || !slices.IsSortedFunc(marks, func(a, b mark) int { return a.day.Compare(b.day) }) {
				t.Errorf("%s, server %v: later revisions of earlier days: %v", build, server, marks)
			}
		}
	}
}

// A fortnight after the second Tuesday is time enough.
func TestPatchTuesday(t *testing.T) {
	for updated, want := range map[string]string{
		"2026-11-09": "2026-11-10", "2026-11-10": "2026-12-08", "2026-11-30": "2026-12-08", "2026-12-31": "2027-01-12", "2026-08-31": "2026-09-08",
	} {
		day, _ := parseDay(updated)
		if got := dayOf(patchTuesday(day)); got != want {
			t.Errorf("after %s: got %s, want %s", updated, got, want)
		}
	}
	for day, want := range map[string]string{"2026-11-10": "2026-10-13", "2027-01-12": "2026-12-08", "2026-12-08": "2026-11-10"} {
		at, _ := parseDay(day)
		if got := dayOf(tuesdayBefore(at)); got != want {
			t.Errorf("before %s: got %s, want %s", day, got, want)
		}
	}
	for day, want := range map[string]checks.Status{"2026-11-10": checks.Pass, "2026-11-24": checks.Pass, "2026-11-25": checks.Fail, "2026-12-11": checks.Fail} {
		at, _ := parseDay(day)
		h := host.Host{OS: host.Windows, Now: checktest.Clock(at), Files: manifests(map[string]string{"9903": "2026-10-08"}), Registry: checktest.Registry{Values: windows("2026-10-14", nil)}}
		if res := checktest.Run(t, patches(), h, ""); res.Status != want {
			t.Errorf("on %s: got %s %v, want %s", day, res.Status, res.Reason, want)
		}
	}
}

const debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n"

// debianFiles is a Debian 12 with the packages curl and bash and a list of security
// updates of a day; an empty content takes a file away.
func debianFiles(more map[string]string) map[string]string {
	const list = folderLists + "/deb.debian.org_debian-security_dists_bookworm-security_"
	out := map[string]string{
		"/etc/os-release": debian,
		fileDpkgStatus: "Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10+deb12u12\n\n" +
			"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b7\n\n" +
			"Package: vim\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n",
		list + "InRelease":                  "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nDate: Thu, 19 Nov 2026 20:09:37 UTC\n",
		list + "main_binary-amd64_Packages": securityUpdates("7.88.1-10+deb12u12"),
		"/var/log/dpkg.log":                 "2026-11-18 06:00:01 upgrade curl:amd64 7.88.1-10+deb12u11 7.88.1-10+deb12u12\n2026-11-18 06:00:02 status installed curl:amd64 7.88.1-10+deb12u12\n",
		folderLists + "/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages": "Package: bash\nVersion: 9\nArchitecture: amd64\n",
	}
	for k, v := range more {
		if v == "" {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

func securityUpdates(curl string) string {
	return "Package: curl\nArchitecture: amd64\nVersion: " + curl + "\n\nPackage: vim\nArchitecture: amd64\nVersion: 2\n\nPackage: curl\nArchitecture: arm64\nVersion: 99\n"
}

func TestPatchesOnLinux(t *testing.T) {
	const (
		list    = folderLists + "/deb.debian.org_debian-security_dists_bookworm-security_"
		main    = list + "main_binary-amd64_Packages"
		newer   = "7.88.1-10+deb12u14"
		release = list + "InRelease"
	)
	status := debianFiles(nil)[fileDpkgStatus]
	dated := func(day string) string { return "Date: " + day + "\n" }
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		kernel     string
		want       checks.Status
		codes      []string
	}{
		{"current", debianFiles(nil), nil, "", checks.Pass, nil},
		{"one missing for two days", debianFiles(map[string]string{main: securityUpdates(newer)}), nil, "", checks.Warn, []string{"patches.pending"}},
		{"one missing, nothing done for two months", debianFiles(map[string]string{main: securityUpdates(newer), "/var/log/dpkg.log": "2026-09-18 06:00:01 upgrade curl:amd64 1 2\n"}), nil, "", checks.Fail, []string{"patches.pending"}},
		{"one missing, the log was begun anew", debianFiles(map[string]string{main: securityUpdates(newer), "/var/log/dpkg.log": "2026-11-20 06:00:01 status installed x:all 1\n", "/var/log/dpkg.log.1": "2026-09-18 06:00:01 upgrade curl:amd64 1 2\n"}), nil, "", checks.Fail, []string{"patches.pending"}},
		{"one missing, and all that came lately is a browser of its maker", debianFiles(map[string]string{main: securityUpdates(newer), "/var/log/dpkg.log": "2026-11-19 06:00:01 upgrade google-chrome-stable:amd64 1 2\n"}), nil, "", checks.Unknown, []string{"patches.pending_undated"}},
		{"one missing, nothing done for three weeks", debianFiles(map[string]string{main: securityUpdates(newer), "/var/log/dpkg.log": "2026-10-30 06:00:01 upgrade curl:amd64 1 2\n"}), nil, "", checks.Unknown, []string{"patches.pending_undated"}},
		{"one missing and held", debianFiles(map[string]string{main: securityUpdates(newer), fileDpkgStatus: strings.Replace(status, "install ok", "hold ok", 1)}), nil, "", checks.Unknown, []string{"patches.pending_undated", "patches.held"}},
		{"list under gzip", debianFiles(map[string]string{main: "", main + ".gz": zipped(t, securityUpdates(newer))}), nil, "", checks.Warn, []string{"patches.pending"}},
		{"list under something else", debianFiles(map[string]string{main: "", main + ".xz": "x"}), nil, "", checks.Unknown, []string{"patches.unread"}},
		{"list damaged", debianFiles(map[string]string{main: "", main + ".lz4": "no LZ4 at all"}), nil, "", checks.Unknown, []string{"patches.unread"}},
		{"lists ten days old", debianFiles(map[string]string{release: dated("Tue, 10 Nov 2026 20:09:37 UTC")}), nil, "", checks.Unknown, []string{"patches.lists_old"}},
		{"lists a month old", debianFiles(map[string]string{release: dated("Tue, 20 Oct 2026 20:09:37 UTC")}), nil, "", checks.Fail, []string{"patches.lists_stale"}},
		{"lists from the future", debianFiles(map[string]string{release: dated("Tue, 10 Nov 2027 20:09:37 UTC")}), nil, "", checks.Unknown, []string{"patches.lists_undated"}},
		{"lists without a date", debianFiles(map[string]string{release: "Origin: Debian\n"}), nil, "", checks.Unknown, []string{"patches.unread"}},
		{"no security updates configured", debianFiles(map[string]string{release: "", main: ""}), nil, "", checks.Fail, []string{"patches.no_security_source"}},
		{"security updates of another release", debianFiles(map[string]string{"/etc/os-release": strings.Replace(debian, "ID=debian", "VERSION_CODENAME=trixie\nID=debian", 1)}), nil, "", checks.Fail, []string{"patches.no_security_source"}},
		{"security updates of this release", debianFiles(map[string]string{"/etc/os-release": debian + "VERSION_CODENAME=bookworm\n"}), nil, "", checks.Pass, nil},
		{"security updates of what is stable", debianFiles(map[string]string{
			"/etc/os-release": debian + "VERSION_CODENAME=bookworm\n", main: "",
			folderLists + "/security.debian.org_dists_stable-security_main_binary-amd64_Packages": securityUpdates(newer),
		}), nil, "", checks.Warn, []string{"patches.pending"}},
		{"security updates of one part only", debianFiles(map[string]string{folderLists + "/es.archive.ubuntu.com_ubuntu_dists_noble_universe_binary-amd64_Packages": "Package: bash\nVersion: 1\nArchitecture: amd64\n"}), nil, "", checks.Unknown, []string{"patches.no_part"}},
		{"a maker's own part", debianFiles(map[string]string{folderLists + "/dl.ejemplo.example_linux_dists_noble_universe_binary-amd64_Packages": "Package: bash\nVersion: 1\nArchitecture: amd64\n"}), nil, "", checks.Pass, nil},
		{"no lists", debianFiles(map[string]string{release: "", main: "", folderLists + "/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages": ""}), nil, "", checks.Unknown, []string{"patches.no_lists"}},
		{"lists unreadable", debianFiles(nil), []string{folderLists}, "", checks.Unknown, []string{"patches.unread"}},
		{"packages unreadable", debianFiles(nil), []string{fileDpkgStatus}, "", checks.Unknown, []string{"patches.unread"}},
		{"packages damaged", debianFiles(map[string]string{fileDpkgStatus: status + "\nPackage: a\nnonsense\n"}), nil, "", checks.Unknown, []string{"patches.unread"}},
		{"Debian 10 out of support", debianFiles(map[string]string{"/etc/os-release": "ID=debian\nVERSION_ID=\"10\"\n"}), nil, "", checks.Fail, []string{"patches.unsupported"}},
		{"Debian testing", debianFiles(map[string]string{"/etc/os-release": "ID=debian\n"}), nil, "", checks.Unknown, []string{"patches.support_unknown"}},
		{"no release", debianFiles(map[string]string{"/etc/os-release": ""}), nil, "", checks.Unknown, []string{"patches.unread"}},
		{"release elsewhere", debianFiles(map[string]string{"/etc/os-release": "", "/usr/lib/os-release": debian}), nil, "", checks.Pass, nil},
		{"Ubuntu 20.04", debianFiles(map[string]string{"/etc/os-release": "ID=ubuntu\nVERSION_ID=\"20.04\"\n"}), nil, "", checks.Fail, []string{"patches.unsupported"}},
		{"Ubuntu 20.04 with Ubuntu Pro", debianFiles(map[string]string{
			"/etc/os-release": "ID=ubuntu\nVERSION_ID=\"20.04\"\nVERSION_CODENAME=focal\nUBUNTU_CODENAME=focal\n", main: "", release: "",
			folderLists + "/esm.ubuntu.com_infra_ubuntu_dists_focal-infra-security_main_binary-amd64_Packages": securityUpdates("7.88.1-10+deb12u12"),
			folderLists + "/esm.ubuntu.com_infra_ubuntu_dists_focal-infra-security_InRelease":                  dated("Thu, 19 Nov 2026 20:09:37 UTC"),
		}), nil, "", checks.Warn, []string{"patches.extended"}},
		{"Mint", debianFiles(map[string]string{"/etc/os-release": "ID=linuxmint\nVERSION_ID=\"22.1\"\n"}), nil, "", checks.Pass, nil},
		{"CentOS 7", map[string]string{"/etc/os-release": "ID=\"centos\"\nVERSION_ID=\"7\"\n", "/var/lib/rpm/Packages": "", folderRepos + "/CentOS-Base.repo": "[base]\nbaseurl=http://vault.centos.org/7.9.2009/os/\n"}, nil, "", checks.Fail, []string{"patches.unsupported", "patches.no_notices"}},
		{"restart due", debianFiles(map[string]string{"/run/reboot-required": "*** System restart required ***\n"}), nil, "", checks.Warn, []string{"patches.restart_undated"}},
		{"newer kernel", debianFiles(map[string]string{"/boot/vmlinuz-6.1.0-25-amd64": "x", "/boot/vmlinuz-6.1.0-9-amd64": "x"}), nil, "6.1.0-9-amd64", checks.Warn, []string{"patches.restart_undated"}},
		{"newest kernel", debianFiles(map[string]string{"/boot/vmlinuz-6.1.0-25-amd64": "x", "/boot/vmlinuz-6.1.0-9-amd64": "x", "/boot/vmlinuz-6.1.0-30-cloud-amd64": "x"}), nil, "6.1.0-25-amd64", checks.Pass, nil},
		{"a kernel of another machine", debianFiles(map[string]string{"/boot/vmlinuz-6.1.0-25-amd64": "x"}), nil, "6.8.0-45-generic", checks.Pass, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Now: now, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}}
			if row.kernel != "" {
				h.System = system{id: host.Identity{Kernel: row.kernel}}
			}
			res := checktest.Run(t, patches(), h, "")
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v", res.Status, got, row.want, row.codes, res.Findings)
			}
		})
	}
}

// rockySources are the sources of a Rocky 9 as delivered, and one that is switched off.
const rockySources = `# a comment
[baseos]
name=Rocky Linux $releasever - BaseOS
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever$rltype
#baseurl=http://dl.rockylinux.org/$contentdir/$releasever/BaseOS/$basearch/os/
enabled=1

[baseos-debug]
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever-debug$rltype
enabled=0

[appstream]
mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=AppStream-$releasever$rltype
enabled = 1
`

const (
	baseos    = folderDNF + "/baseos-6b5f0d3a1c2e4f78/repodata/"
	appstream = folderDNF + "/appstream-0d3a1c2e4f786b5f/repodata/"
)

// rockyFiles is the Rocky 9 of testdata with these notices, changed by more.
func rockyFiles(t *testing.T, notices string, more map[string]string) map[string]string {
	t.Helper()
	db, err := os.ReadFile("testdata/rocky-9/files/var/lib/rpm/rpmdb.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	lately := zipped(t, "<updates>"+notice("Low", "2026-11-10", "otro", "0", "1", "1")+"</updates>")
	out := map[string]string{
		"/etc/os-release":           "ID=\"rocky\"\nVERSION_ID=\"9.6\"\nPRETTY_NAME=\"Rocky Linux 9.6\"\n",
		"/var/lib/rpm/rpmdb.sqlite": string(db), folderRepos + "/rocky.repo": rockySources,
		folderModules + "/nodejs.module": "[nodejs]\nname=nodejs\nstream=20\nprofiles=\nstate=enabled\n",
		baseos + "repomd.xml":            "<repomd/>", appstream + "repomd.xml": "<repomd/>", appstream + "y-updateinfo.xml.gz": lately,
		baseos + "x-updateinfo.xml.gz": zipped(t, "<updates>"+notices+notice("Low", "2026-11-09", "otro", "0", "1", "1")+"</updates>"),
	}
	for k, v := range more {
		if v == "" {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

func notice(severity, day, name, epoch, version, release string) string {
	return `<update type="security"><id>EJSA</id><issued date="` + day + `"/><severity>` + severity + `</severity><pkglist><collection>` +
		`<package name="` + name + `" epoch="` + epoch + `" version="` + version + `" release="` + release + `" arch="x86_64"/></collection></pkglist></update>`
}

func TestPatchesOfDNF(t *testing.T) {
	const file = baseos + "x-updateinfo.xml.gz"
	openssl := func(severity, day string) string { return notice(severity, day, "openssl", "1", "3.2.2", "6.el9_5.1") }
	ofModule := func(stream string) string {
		return strings.Replace(notice("Important", "2026-01-01", "nodejs", "1", "99.1", "1.module"), "<collection>", `<collection><module name="nodejs" stream="`+stream+`"/>`, 1)
	}
	sources := func(was, is string) map[string]string {
		return map[string]string{folderRepos + "/rocky.repo": strings.ReplaceAll(rockySources, was, is)}
	}
	frozen := func(more map[string]string) map[string]string { // no notice since August
		return joinedText(more, map[string]string{
			file: zipped(t, "<updates>"+notice("Low", "2026-08-10", "otro", "0", "1", "1")+"</updates>"), appstream + "y-updateinfo.xml.gz": zipped(t, "<updates>"+notice("Low", "2026-11-10", "otro", "0", "1", "1")+"</updates>"),
		})
	}
	epel := map[string]string{
		folderRepos + "/epel.repo":                                        "[epel]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-9&arch=$basearch\n",
		folderDNF + "/epel-0f0f0f0f0f0f0f0f/repodata/repomd.xml":          "x",
		folderDNF + "/epel-0f0f0f0f0f0f0f0f/repodata/z-updateinfo.xml.gz": zipped(t, "<updates>"+openssl("Important", "2026-11-16")+"</updates>"),
	}
	asked := now().Add(-24 * time.Hour)
	for _, row := range []struct {
		name    string
		notices string
		more    map[string]string
		asked   time.Time
		older   map[string]int // by a part of a path, days before
		denied  []string
		want    checks.Status
		codes   []string
	}{
		{"nothing missing", notice("Important", "2026-01-01", "openssl", "1", "3.2.2", "6.el9_5"), nil, asked, nil, nil, checks.Pass, nil},
		{"not installed", notice("Critical", "2026-01-01", "httpd", "0", "2", "1"), nil, asked, nil, nil, checks.Pass, nil},
		{"of no security", strings.Replace(openssl("None", "2026-01-01"), `type="security"`, `type="bugfix"`, 1), nil, asked, nil, nil, checks.Pass, nil},
		{"an older kernel is still there", notice("Important", "2026-01-01", "kernel-core", "0", "5.14.0", "570.49.1.el9_6"), nil, asked, nil, nil, checks.Pass, nil},
		{"of a stream of a module that it follows", ofModule("20"), nil, asked, nil, nil, checks.Fail, []string{"patches.pending_since"}},
		{"of another stream", ofModule("18"), nil, asked, nil, nil, checks.Pass, nil},
		{"of modules, nobody knows which stream", "", map[string]string{folderModules + "/nodejs.module": ""}, asked, nil, nil, checks.Unknown, []string{"patches.unread"}},
		{"for a few days", openssl("Important", "2026-11-16"), nil, asked, nil, nil, checks.Warn, []string{"patches.pending_since"}},
		{"for a few days, of another source", "", epel, asked, nil, nil, checks.Warn, []string{"patches.pending_since"}},
		{"for three weeks", openssl("Important", "2026-10-30"), nil, asked, nil, nil, checks.Warn, []string{"patches.pending_since"}},
		{"for three weeks, and critical", openssl("Critical", "2026-10-30"), nil, asked, nil, nil, checks.Fail, []string{"patches.pending_since"}},
		{"for three weeks, and nobody graded it", openssl("None", "2026-10-30"), nil, asked, nil, nil, checks.Fail, []string{"patches.pending_since"}},
		{"for two months", openssl("Low", "2026-09-20"), nil, asked, nil, nil, checks.Fail, []string{"patches.pending_since"}},
		{"for two months, by the older of two notices", openssl("Low", "2026-11-19") + notice("Low", "2026-09-20", "openssl", "1", "3.2.2", "6.el9_5.0.1"), nil, asked, nil, nil, checks.Fail, []string{"patches.pending_since"}},
		{"asked a fortnight ago", "", nil, asked.Add(-14 * 24 * time.Hour), nil, nil, checks.Unknown, []string{"patches.lists_old"}},
		{"asked two months ago", "", nil, asked.Add(-60 * 24 * time.Hour), nil, nil, checks.Fail, []string{"patches.lists_stale"}},
		{"one part asked a fortnight ago", "", epel, asked, map[string]int{"baseos": 14}, nil, checks.Unknown, []string{"patches.lists_old", "patches.pending_since"}},
		{"one part asked half a year ago", "", epel, asked, map[string]int{"baseos": 200}, nil, checks.Fail, []string{"patches.lists_stale", "patches.pending_since"}},
		{"another source asked half a year ago", "", epel, asked, map[string]int{"epel": 200}, nil, checks.Warn, []string{"patches.pending_since"}},
		{"left behind by a source that moved", "", map[string]string{folderDNF + "/baseos-1111111111111111/repodata/repomd.xml": "x"}, asked, map[string]int{"1111": 200}, nil, checks.Pass, nil},
		{"a source that is switched off", "", map[string]string{folderRepos + "/viejo.repo": "[baseos-old]\nbaseurl=http://dl.rockylinux.org/vault/rocky/8.5/BaseOS/os/\nenabled=0\n"}, asked, nil, nil, checks.Pass, nil},
		{"a part that is switched off", "", sources("enabled = 1", "enabled = 0"), asked, nil, nil, checks.Unknown, []string{"patches.no_part"}},
		{"no notices at all", "", map[string]string{file: "", appstream + "y-updateinfo.xml.gz": ""}, asked, nil, nil, checks.Unknown, []string{"patches.no_notices"}},
		{"no notices but of another source", "", joinedText(epel, map[string]string{file: "", appstream + "y-updateinfo.xml.gz": ""}), asked, nil, nil, checks.Unknown, []string{"patches.no_notices", "patches.pending_since"}},
		{"no notices of one part", "", map[string]string{file: ""}, asked, nil, nil, checks.Unknown, []string{"patches.no_notices_of"}},
		{"no notice for three months", "", frozen(nil), asked, nil, nil, checks.Unknown, []string{"patches.source_frozen"}},
		{"no notice for three months, and fixed to a release", "", frozen(map[string]string{"/etc/dnf/vars/releasever": "9.3\n"}), asked, nil, nil, checks.Fail, []string{"patches.source_archive"}},
		{"fixed to the release of now", "", map[string]string{"/etc/dnf/vars/releasever": "9.8\n"}, asked, nil, nil, checks.Pass, nil},
		{"an archive of old releases", "", sources("mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever$rltype", "baseurl=https://dl.rockylinux.org/vault/rocky/9.3/BaseOS/$basearch/os/"), asked, nil, nil, checks.Fail, []string{"patches.source_archive"}},
		{"sources unreadable", "", nil, asked, nil, []string{folderRepos}, checks.Unknown, []string{"patches.unread"}},
		{"notices in another form", "", map[string]string{file: "", strings.TrimSuffix(file, ".gz") + ".zck": "x"}, asked, nil, nil, checks.Unknown, []string{"patches.unread"}},
		{"notices damaged", "", map[string]string{file: "x"}, asked, nil, nil, checks.Unknown, []string{"patches.unread"}},
		{"cache unreadable", "", nil, asked, nil, []string{folderDNF}, checks.Unknown, []string{"patches.unread"}},
		{"packages unreadable", "", nil, asked, nil, []string{"/var/lib/rpm/rpmdb.sqlite"}, checks.Unknown, []string{"patches.unread"}},
		{"packages damaged", "", map[string]string{"/var/lib/rpm/rpmdb.sqlite": "x"}, asked, nil, nil, checks.Unknown, []string{"patches.unread"}},
		{"packages in an older form", "", map[string]string{"/var/lib/rpm/rpmdb.sqlite": "", "/var/lib/rpm/Packages": "x"}, asked, nil, nil, checks.Unknown, []string{"patches.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := marked{checktest.Files{Content: rockyFiles(t, row.notices, row.more), Unreadable: row.denied}, row.asked, row.older}
			res := checktest.Run(t, patches(), host.Host{OS: host.Linux, Now: now, Files: files}, "")
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v\n%s", res.Status, got, row.want, row.codes, res.Findings, res.Observed)
			}
		})
	}
}

func joinedText(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// What an agent saw missing before tells since when it is.
func TestPatchesOfAPTWait(t *testing.T) {
	const main = folderLists + "/deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages"
	missing := debianFiles(map[string]string{main: securityUpdates("7.88.1-10+deb12u14")})
	held := debianFiles(map[string]string{main: missing[main], fileDpkgStatus: strings.Replace(missing[fileDpkgStatus], "install ok", "hold ok", 1)})
	day := func(d string) func() time.Time {
		at, _ := parseDay(d)
		return checktest.Clock(at.Add(8 * time.Hour))
	}
	for _, row := range []struct {
		name  string
		first map[string]string // what was there on 1 November; nil: nobody looked
		then  map[string]string // what is there on 20 November
		want  checks.Status
		codes []string
	}{
		{"nobody looked before", nil, missing, checks.Warn, []string{"patches.pending"}},
		{"it was missed then", missing, missing, checks.Fail, []string{"patches.pending"}},
		{"it was held then", held, held, checks.Fail, []string{"patches.pending", "patches.held"}},
		{"nothing was missed then", debianFiles(nil), missing, checks.Warn, []string{"patches.pending"}},
		{"nothing was missed then, held since", debianFiles(nil), held, checks.Warn, []string{"patches.pending", "patches.held"}},
		{"another version was there then", debianFiles(map[string]string{main: missing[main], fileDpkgStatus: strings.Replace(missing[fileDpkgStatus], "deb12u12", "deb12u11", 1)}), missing, checks.Warn, []string{"patches.pending"}},
		{"what was there then could not be read", debianFiles(map[string]string{fileDpkgStatus: "Package: a\nnonsense\n"}), missing, checks.Warn, []string{"patches.pending"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Now: day("2026-11-20")}
			if row.first != nil {
				first := checktest.Run(t, patches(), host.Host{OS: host.Linux, Now: day("2026-11-01"), Files: checktest.Files{Content: row.first}}, "")
				h.Past = remembered(first.Observed)
			}
			h.Files = checktest.Files{Content: row.then}
			res := checktest.Run(t, patches(), h, "")
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v\n%s", res.Status, got, row.want, row.codes, res.Findings, res.Observed)
			}
		})
	}
}

// A run that could not read does not make the next one forget.
func TestPatchesOfAPTRemember(t *testing.T) {
	const main = folderLists + "/deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages"
	missing := debianFiles(map[string]string{main: securityUpdates("7.88.1-10+deb12u14")})
	broken := maps.Clone(missing)
	broken[fileDpkgStatus] += "\nPackage: a\nnonsense\n"
	h := host.Host{OS: host.Linux}
	var res checks.Result
	for i, files := range []map[string]string{missing, broken, broken, missing} {
		h.Files, h.Now = checktest.Files{Content: files}, checktest.Clock(now().AddDate(0, 0, 7*(i-3)))
		res = checktest.Run(t, patches(), h, "")
		h.Past = remembered(res.Observed)
	}
	if got := wrong(res); res.Status != checks.Fail || !slices.Equal(got, []string{"patches.pending"}) {
		t.Errorf("got %s %v\n%s", res.Status, got, res.Observed)
	}
}

func TestFollows(t *testing.T) {
	streams := map[string]string{"nodejs": "20"}
	for _, row := range []struct {
		release, module string
		want            bool
	}{
		{"6.el9_5", "", true}, {"6.el9_5", "nodejs:20", false}, {"1.module+el9.5.0", "nodejs:20", true}, {"1.module+el9.5.0", "nodejs:18", false},
		{"1.module+el9.5.0", "php:8.2", false}, {"1.module+el9.5.0", "", false},
	} {
		if got := follows(rpm.Package{Release: row.release}, row.module, streams); got != row.want {
			t.Errorf("%s of %q: got %v", row.release, row.module, got)
		}
	}
	look := checks.Look{Host: host.New(host.Host{OS: host.Linux, Files: checktest.Files{Content: map[string]string{
		folderModules + "/nodejs.module": "[nodejs]\nname=nodejs\nstream=20\nprofiles=common\nstate=enabled\n",
		folderModules + "/php.module":    "[php]\nname=php\nstream=8.1\nprofiles=\nstate=disabled\n",
	}}})}
	if got := moduleStreams(t.Context(), &look); !maps.Equal(got, streams) {
		t.Errorf("got %v, want %v", got, streams)
	}
}

// remembered is the evidence of an earlier run.
type remembered []byte

func (r remembered) Observed(context.Context) ([]byte, error) { return r, nil }

func TestParseRepositories(t *testing.T) {
	got := parseRepositories("[main]\nenabled=1\n[a]\nBaseURL = http://Uno/\n   http://Dos/9.3/\nenabled=False\n; [b]\n[c]\nmirrorlist=x\n")
	want := []repository{{id: "main", enabled: true}, {id: "a", address: " http://uno/ http://dos/9.3/"}, {id: "c", enabled: true, address: " x"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for address, want := range map[string]bool{
		" http://espejo/rocky/9.3/baseos/": true, " http://espejo/rocky/9/baseos/": false, " http://192.168.1.29/rocky/9/": false,
		" https://x/mirrorlist?repo=baseos-9.3": true, " http://x/rhel/server/9.4/eus/": false,
	} {
		if got := (repository{address: address}).pinned(""); got != want {
			t.Errorf("%s: got %v", address, got)
		}
	}
}

// A mark of a restart says when it was made.
func TestRestartSince(t *testing.T) {
	for day, want := range map[string]checks.Status{"2026-11-18": checks.Warn, "2026-11-13": checks.Warn, "2026-11-12": checks.Fail} {
		at, _ := parseDay(day)
		files := marked{checktest.Files{Content: debianFiles(map[string]string{"/run/reboot-required": "x"})}, at, nil}
		res := checktest.Run(t, patches(), host.Host{OS: host.Linux, Now: now, Files: files}, "")
		if res.Status != want {
			t.Errorf("since %s: got %s %v, want %s", day, res.Status, res.Reason, want)
		}
	}
}

// marked are files that were all made at one time, but those that are days older.
type marked struct {
	checktest.Files
	at    time.Time
	older map[string]int // by a part of the path of their folder
}

func (m marked) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	info, err := m.Files.Stat(ctx, name)
	info.ModTime = m.at
	return info, err
}

func (m marked) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	entries, err := m.Files.ReadDir(ctx, name)
	for i := range entries {
		entries[i].ModTime = m.at
		for part, days := range m.older {
			if strings.Contains(name, part) {
				entries[i].ModTime = m.at.AddDate(0, 0, -days)
			}
		}
	}
	return entries, err
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSecurityList(t *testing.T) {
	for name, want := range map[string]bool{
		"deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages": true,
		"security.debian.org_dists_stretch_updates_main_binary-amd64_Packages":              true,
		"security.ubuntu.com_ubuntu_dists_noble-security_universe_binary-amd64_Packages":    true,
		"es.archive.ubuntu.com_ubuntu_dists_noble-updates_main_binary-amd64_Packages":       false,
		"deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages":                   false,
		"lock": false,
	} {
		if got := securityList(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestPatchesParams(t *testing.T) {
	for params, good := range map[string]bool{
		`{}`: true, `{"max_days":14,"critical_days":14}`: true, `{"support":{"windows 28000 pro":"2029-10-09"}}`: true,
		`{"max_days":7}`: false, `{"reboot_days":-1}`: false, `{"support":{"debian 14":"soon"}}`: false, `{"list_days":0}`: false,
		`{"releases":{"26200.10000":"2026-12-08"}}`: true, `{"releases":{"26200.10000":"today"}}`: false,
	} {
		if err := patches().CheckParams([]byte(params)); (err == nil) != good {
			t.Errorf("%s: %v", params, err)
		}
	}
	h := host.Host{OS: host.Linux, Now: now, Files: checktest.Files{Content: debianFiles(map[string]string{"/etc/os-release": "ID=debian\nVERSION_ID=14\n"})}}
	if res := checktest.Run(t, patches(), h, `{"support":{"debian 14":"2032-06-30"}}`); res.Status != checks.Pass {
		t.Errorf("a system that the policy adds: got %s %v", res.Status, res.Reason)
	}
	if res := checktest.Run(t, patches(), host.Host{OS: host.Linux, Now: now, Files: denied{}}, ""); res.Status != checks.Unknown {
		t.Errorf("nothing readable: got %s %v", res.Status, res.Reason)
	}
}

// denied are files that nobody may read.
type denied struct{ checktest.Files }

func (denied) ReadFile(context.Context, string, int64) ([]byte, error) { return nil, fs.ErrPermission }
func (denied) Stat(context.Context, string) (host.FileInfo, error) {
	return host.FileInfo{}, fs.ErrPermission
}
