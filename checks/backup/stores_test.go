package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// said1 runs the check on one dataset and returns its finding.
func said1(t *testing.T, d disk, a checktest.Answers, params string) checks.Finding {
	t.Helper()
	got := checktest.Run(t, daily(), d.host(a), `{"datasets":[`+params+`]}`)
	if len(got.Findings) != 1 {
		t.Fatalf("got %+v, want one finding", got.Verdict)
	}
	return got.Findings[0]
}

func wants(t *testing.T, got checks.Finding, status checks.Status, code string) {
	t.Helper()
	if got.Status != status || got.Reason.Code != code {
		t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, status, code)
	}
}

func TestWindowsServerBackup(t *testing.T) {
	event := func(id uint32, age time.Duration, result string) host.Event {
		return host.Event{ID: id, Provider: backupChannel, Time: at.Add(-age), Data: map[string]string{"HRESULT": result}}
	}
	log := func(events ...host.Event) checktest.Answers {
		return checktest.Answers{EventsOf: map[string]host.EventLog{backupChannel: {Events: events, Oldest: at.Add(-60 * day)}}}
	}
	const image = `E:\WindowsImageBackup\SRV01\Backup 2026-11-22 200012\b0f1.vhdx`
	disks := func(age time.Duration, content string) disk {
		return disk{os: host.Windows, entries: map[string]entry{
			image: {content: content, age: age},
			`E:\WindowsImageBackup\SRV01\Backup 2026-11-22 200012\BackupSpecs.xml`: {content: "<x/>", age: age},
			`E:\WindowsImageBackup\SRV01\Catalog\GlobalCatalog`:                    {content: "x", age: age},
			`E:\WindowsImageBackup\SRV01\MediaId`:                                  {content: "x", age: 90 * day},
		}}
	}
	const params = `{"name":"servidor","copies":"E:\\"}`
	good := log(event(4, 11*time.Hour, "0x0"))
	for _, tt := range []struct {
		name   string
		disk   disk
		log    checktest.Answers
		params string
		status checks.Status
		code   string
	}{
		{"last night", disks(11*time.Hour, vhdx()), good, params, checks.Pass, "backup.recent_edges"},
		{"the folder of the machine is named", disks(11*time.Hour, vhdx()), good, `{"name":"servidor","copies":"E:\\WindowsImageBackup\\SRV01"}`, checks.Pass, "backup.recent_edges"},
		{"three nights ago", disks(3*day, vhdx()), log(event(4, 3*day, "0x0")), params, checks.Fail, "backup.late"},
		{"the last run wrote to another disk", disks(5*day, vhdx()), log(event(4, 11*time.Hour, "0x0"), event(4, 5*day, "0x0")), params, checks.Fail, "backup.late"},
		{"all runs wrote to another disk", disks(5*day, vhdx()), log(event(4, 11*time.Hour, "0x0")), params, checks.Fail, "backup.none_whole"},
		{"all runs that the log holds did", disks(80*day, vhdx()), log(event(4, 11*time.Hour, "0x0")), params, checks.Unknown, "backup.none_good_unread"},
		{"tried again and failed", disks(time.Hour, vhdx()), log(event(5, time.Hour, "0x8078011e"), event(4, 20*time.Hour, "0x0")), params, checks.Warn, "backup.recent_then_failed"},
		{"never ended well", disks(time.Hour, vhdx()), log(event(5, time.Hour, "0x8078011e")), params, checks.Fail, "backup.none_whole"},
		{"ended with an error", disks(time.Hour, vhdx()), log(event(4, time.Hour, "0x80780049")), params, checks.Fail, "backup.none_whole"},
		{"its disk was cut", disks(11*time.Hour, vhdx()[:1<<20+4096]), good, params, checks.Fail, "backup.none_whole"},
		{"its disk is in use", disks(11*time.Hour, strings.Replace(vhdx(), "head", "HEAD", 1)), good, params, checks.Fail, "backup.none_whole"},
		{"empty", disks(11*time.Hour, ""), good, params, checks.Fail, "backup.none_whole"},
		{"no images", disk{os: host.Windows, entries: map[string]entry{`E:\WindowsImageBackup\SRV01\MediaId`: {}}}, good, params, checks.Fail, "backup.no_copy"},
		{"the log begins later", disks(time.Hour, vhdx()), checktest.Answers{EventsOf: map[string]host.EventLog{backupChannel: {Oldest: at.Add(-time.Minute)}}}, params, checks.Unknown, "backup.none_good_unread"},
		{"the log is refused", disks(time.Hour, vhdx()), checktest.Answers{Errors: map[string]error{"events": fs.ErrPermission}}, params, checks.Unknown, "backup.none_good_unread"},
		{"the disk was unplugged", disk{os: host.Windows}, good, params, checks.Fail, "backup.copies_absent"},
	} {
		t.Run(tt.name, func(t *testing.T) { wants(t, said1(t, tt.disk, tt.log, tt.params), tt.status, tt.code) })
	}
}

func TestVzdump(t *testing.T) {
	const base = "/var/lib/vz/dump/vzdump-qemu-101-2026_11_23-02_00_01"
	const done = "INFO: starting\nINFO: Finished Backup of VM 101 (00:04:12)\n"
	whole := zstdOf(t, vma())
	vms := func(change func(map[string]entry)) disk {
		d := disk{os: host.Linux, entries: map[string]entry{
			base + ".vma.zst":       {content: whole, age: 6 * time.Hour},
			base + ".log":           {content: done, age: 6 * time.Hour},
			base + ".vma.zst.notes": {content: "srv", age: 6 * time.Hour},
		}}
		change(d.entries)
		return d
	}
	const params = `{"name":"vm","copies":"/var/lib/vz/dump"}`
	for _, tt := range []struct {
		name   string
		change func(map[string]entry)
		params string
		status checks.Status
		code   string
	}{
		{"last night", func(map[string]entry) {}, params, checks.Pass, "backup.recent_whole"},
		{"carried here without its log", func(e map[string]entry) { delete(e, base+".log") }, params, checks.Pass, "backup.recent_whole"},
		{"its log tells of an error", func(e map[string]entry) {
			e[base+".log"] = entry{content: "ERROR: Backup of VM 101 failed - no space left\n", age: time.Hour}
		}, params, checks.Fail, "backup.none_whole"},
		{"its log does not end", func(e map[string]entry) {
			e[base+".log"] = entry{content: "INFO: starting\n", age: time.Hour}
		}, params, checks.Fail, "backup.none_whole"},
		{"cut", func(e map[string]entry) {
			e[base+".vma.zst"] = entry{content: whole[:len(whole)-3], age: 6 * time.Hour}
		}, params, checks.Fail, "backup.none_whole"},
		{"being written", func(e map[string]entry) {
			e[base+".vma.zst.dat"] = e[base+".vma.zst"]
			delete(e, base+".vma.zst")
		}, params, checks.Fail, "backup.none_good"},
		{"two machines and no pattern", func(e map[string]entry) {
			e[strings.Replace(base, "101", "102", 1)+".vma.zst"] = entry{content: whole, age: 6 * time.Hour}
		}, params, checks.Unknown, "backup.several_guests"},
		{"one of two", func(e map[string]entry) {
			e[strings.Replace(base, "101", "102", 1)+".vma.zst"] = entry{content: whole, age: 6 * time.Hour}
			e[base+".vma.zst"] = entry{content: whole, age: 60 * time.Hour}
		}, `{"name":"vm","copies":"/var/lib/vz/dump","pattern":"vzdump-qemu-101-*"}`, checks.Fail, "backup.late"},
		{"unreadable", func(e map[string]entry) {
			e[base+".vma.zst"] = entry{content: whole, age: 6 * time.Hour, err: fs.ErrPermission}
		}, params, checks.Unknown, "backup.none_good_unread"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wants(t, said1(t, vms(tt.change), checktest.Answers{}, tt.params), tt.status, tt.code)
		})
	}
}

// pgControl is the control file of PostgreSQL 15 with its last checkpoint an age ago.
func pgControl(state uint32, age time.Duration) string {
	b := make([]byte, 8192)
	le := binary.LittleEndian
	le.PutUint32(b[8:], 1300)
	le.PutUint32(b[16:], state)
	le.PutUint64(b[32:], 0x2_5000_0110)
	le.PutUint64(b[104:], uint64(at.Add(-age).Unix()))
	le.PutUint32(b[288:], crc32.Checksum(b[:288], crc32.MakeTable(crc32.Castagnoli)))
	return string(b)
}

func TestPostgreSQLServer(t *testing.T) {
	for _, tt := range []struct {
		name    string
		control string
		pid     bool
		status  checks.Status
		code    string
	}{
		{"still since before the copy", pgControl(6, 5*day), true, checks.Pass, "backup.server_still"},
		{"shut down before the copy", pgControl(1, 5*day), false, checks.Pass, "backup.server_still"},
		{"wrote since", pgControl(6, day), true, checks.Fail, "backup.server_wrote"},
		{"wrote while the copy ran", pgControl(6, 3*day+10*time.Minute), true, checks.Unknown, "backup.changed_near_copy"},
		{"down without having been closed", pgControl(6, 5*day), false, checks.Unknown, "backup.server_crashed"},
		{"in recovery", pgControl(5, 5*day), true, checks.Unknown, "backup.server_crashed"},
		{"of the future", pgControl(6, -day), true, checks.Unknown, "backup.server_unread"},
		{"damaged", strings.Replace(pgControl(6, 5*day), "\x10\x01", "\x11\x01", 1), true, checks.Unknown, "backup.server_unread"},
		{"of a version to come", strings.Replace(pgControl(6, 5*day), "\x14\x05", "\x14\x09", 1), true, checks.Unknown, "backup.server_unread"},
	} {
		for _, os := range []host.OS{host.Linux, host.Windows} {
			t.Run(fmt.Sprint(tt.name, " on ", os), func(t *testing.T) {
				data, copies, params := "/var/lib/postgresql/15/main", "/srv/copias", `{"name":"a","copies":"/srv/copias","source":"/var/lib/postgresql/15/main"}`
				if os == host.Windows {
					data, copies, params = `D:\pgdata`, `E:\Copias`, `{"name":"a","copies":"E:\\Copias","source":"D:\\pgdata"}`
				}
				d := disk{os: os, entries: map[string]entry{
					join(os, data, "PG_VERSION"):                      {content: "15\n"},
					join(os, join(os, data, "global"), "pg_control"):  {content: tt.control},
					join(os, copies, "padron.sql"):                    {content: "-- PostgreSQL database dump\nCREATE TABLE a (n int);\n-- PostgreSQL database dump complete\n", age: 3 * day},
					join(os, join(os, data, "base"), "16384"):         {size: 8192, age: time.Hour},
					join(os, join(os, data, "pg_stat_tmp"), "db.tmp"): {size: 10},
				}}
				if tt.pid {
					d.entries[join(os, data, "postmaster.pid")] = entry{content: "711\n"}
				}
				wants(t, said1(t, d, checktest.Answers{}, params), tt.status, tt.code)
			})
		}
	}
}

// Sizes that fall, copies out of order and folders that cannot be seen, on both systems.
func TestFoldersOfCopies(t *testing.T) {
	const dump = "-- PostgreSQL database dump\nCREATE TABLE a (n int);\n%s\n-- PostgreSQL database dump complete\n"
	sql := func(size int) string { return fmt.Sprintf(dump, strings.Repeat("x", size)) }
	week := func(last string, lastAge time.Duration) map[string]entry {
		out := map[string]entry{"6.sql": {content: last, age: lastAge}}
		for i := range 5 {
			out[fmt.Sprintf("%d.sql", i)] = entry{content: sql(5000 + 40*i), age: time.Duration(6-i)*day + 5*time.Hour}
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		entries map[string]entry
		extra   string // of the dataset
		status  checks.Status
		code    string
	}{
		{"each night", week(sql(5300), 5*time.Hour), "", checks.Pass, "backup.recent_edges"},
		{"the last is half as large", week(sql(2000), 5*time.Hour), "", checks.Fail, "backup.shrunk"},
		{"and that is allowed", week(sql(2000), 5*time.Hour), `,"max_drop":80`, checks.Pass, "backup.recent_edges"},
		{"only what changed", week(sql(90), 5*time.Hour), `,"kind":"incremental"`, checks.Pass, "backup.recent_edges"},
		{"the last ended early", week("-- PostgreSQL database dump\nCREATE", 5*time.Hour), "", checks.Fail, "backup.late_newer_bad"},
		{"the last ended early, that of the night before did not", map[string]entry{
			"1.sql": {content: sql(100), age: 26 * time.Hour}, "2.sql": {content: "-- PostgreSQL database dump\nCREATE", age: 2 * time.Hour},
		}, "", checks.Warn, "backup.recent_then_damaged"},
		{"an old one is damaged", map[string]entry{
			"1.sql": {content: "-- PostgreSQL database dump\n", age: 26 * time.Hour}, "2.sql": {content: sql(100), age: 2 * time.Hour},
		}, "", checks.Warn, "backup.recent_some_damaged"},
		{"the last is from the future", week(sql(5300), -time.Hour), "", checks.Fail, "backup.late"},
		{"the last was written just now", week(sql(5300), time.Second), "", checks.Fail, "backup.late"},
		{"encrypted by a thief", map[string]entry{"padron.zip": {content: "\x8f\x02\x91\x77", age: time.Hour}}, "", checks.Fail, "backup.none_whole"},
		{"zeros for Veeam", map[string]entry{"Job2026-11-23.vbk": {size: 9000, age: 9 * time.Hour}}, "", checks.Fail, "backup.none_whole"},
		{"Veeam", map[string]entry{"Job2026-11-23.vbk": {content: "\x00datos", size: 9000, age: 9 * time.Hour}, "Job.vbm": {size: 50, age: 9 * time.Hour}}, "", checks.Pass, "backup.recent_unverified"},
		{"refused", map[string]entry{"a.sql": {content: sql(1), age: time.Hour, err: fs.ErrPermission}}, "", checks.Unknown, "backup.none_good_unread"},
		{"a disk that fails", map[string]entry{"a.sql": {content: sql(1), age: time.Hour, err: fs.ErrInvalid}}, "", checks.Unknown, "backup.none_good_unread"},
	} {
		for _, os := range []host.OS{host.Linux, host.Windows} {
			t.Run(fmt.Sprint(tt.name, " on ", os), func(t *testing.T) {
				folder, quoted := "/srv/copias", "/srv/copias"
				if os == host.Windows {
					folder, quoted = `E:\Copias`, `E:\\Copias`
				}
				d := disk{os: os, entries: map[string]entry{}}
				for name, e := range tt.entries {
					d.entries[join(os, folder, name)] = e
				}
				wants(t, said1(t, d, checktest.Answers{}, `{"name":"a","copies":"`+quoted+`"`+tt.extra+`}`), tt.status, tt.code)
			})
		}
	}
}

func TestShares(t *testing.T) {
	const params = `{"name":"a","copies":"\\\\nas\\copias"}`
	for _, tt := range []struct {
		name   string
		disk   disk
		status checks.Status
		code   string
	}{
		{"not to be seen", disk{os: host.Windows}, checks.Unknown, "backup.copies_on_share"},
		{"refused", disk{os: host.Windows, entries: map[string]entry{`\\nas\copias`: {mode: fs.ModeDir, err: fs.ErrPermission}}}, checks.Unknown, "backup.copies_on_share"},
		{"seen", disk{os: host.Windows, entries: map[string]entry{`\\nas\copias\a.bkf`: {content: "TAPE", size: 99, age: time.Hour}}}, checks.Pass, "backup.recent_unverified"},
		{"seen, and empty", disk{os: host.Windows, entries: map[string]entry{`\\nas\copias`: {mode: fs.ModeDir}}}, checks.Fail, "backup.no_copy"},
	} {
		t.Run(tt.name, func(t *testing.T) { wants(t, said1(t, tt.disk, checktest.Answers{}, params), tt.status, tt.code) })
	}
}

// Each copy has its turn within a quarter, whatever the period.
func TestRota(t *testing.T) {
	for _, tt := range []struct {
		total, share int64
		want         int
	}{{0, 0, 1}, {100, 100, 1}, {101, 100, 2}, {600, 100, 6}, {700, 100, 30}, {1 << 50, 100, quarter}, {1, 0, 2}} {
		got := period(tt.total, tt.share)
		if got != tt.want {
			t.Errorf("%d bytes, %d a run: got %d days, want %d", tt.total, tt.share, got, tt.want)
		}
		for i := range 50 {
			name, today := fmt.Sprintf("copia-%d.zip", i), dayOf(at)
			turns := 0
			for d := range quarter {
				if (rota{day: today + d, period: got}).turn(name) {
					turns++
				}
			}
			if turns < 1 || turns != quarter/got {
				t.Errorf("%s: %d turns in a quarter at a period of %d", name, turns, got)
			}
			next, err := time.Parse(time.DateOnly, rota{day: today, period: got}.next(name))
			if err != nil || !(rota{day: dayOf(next), period: got}).turn(name) || dayOf(next) <= today {
				t.Errorf("%s: the next turn is %s, %v", name, next, err)
			}
		}
	}
}

// A large copy is read whole on its day and looked at on the others.
func TestTurns(t *testing.T) {
	d := disk{os: host.Linux, entries: map[string]entry{}}
	for i := range 8 {
		d.entries[fmt.Sprintf("/c/%d.zst", i)] = entry{content: zstdOf(t, strings.Repeat("datos", 50)), age: time.Duration(3+24*i) * time.Hour}
	}
	res := checktest.Run(t, daily(), d.host(checktest.Answers{}), `{"verify_bytes":10,"datasets":[{"name":"a","copies":"/c","kind":"archive"}]}`)
	got := res.Findings[0]
	if got.Status != checks.Pass || got.Reason.Code != "backup.recent_turn" && got.Reason.Code != "backup.recent_whole" {
		t.Errorf("got %s %v", got.Status, got.Reason)
	}
}

func zstdOf(t *testing.T, content string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(content), nil))
}

// remembered is what an earlier run observed.
type remembered []byte

func (r remembered) Observed(context.Context) ([]byte, error) { return r, nil }

// What was found damaged on its day is read again on the days after, where the agent
// remembers it, until it is sound.
func TestSuspects(t *testing.T) {
	whole := zstdOf(t, strings.Repeat("datos", 50))
	bad := []byte(whole)
	bad[len(bad)-7] ^= 1
	const params = `{"verify_bytes":1,"datasets":[{"name":"a","copies":"/c","kind":"archive"}]}`
	d := disk{os: host.Linux, entries: map[string]entry{}}
	for i := range 40 { // enough for a period of a quarter
		d.entries[fmt.Sprintf("/c/%d.zst", i)] = entry{content: whole, age: time.Duration(3+i) * time.Hour}
	}
	const victim = "0.zst"
	d.entries["/c/"+victim] = entry{content: string(bad), age: 3 * time.Hour}
	run := func(day int, past host.Past) checks.Result {
		h := d.host(checktest.Answers{})
		h.Now = checktest.Clock(at.AddDate(0, 0, day))
		h.Past = past
		return checktest.Run(t, daily(), h, params)
	}
	damaged := func(r checks.Result) bool {
		var f dailyFacts
		if err := json.Unmarshal(r.Observed, &f); err != nil {
			t.Fatal(err)
		}
		return f.Datasets[0].Seen.Damaged > 0
	}
	turn := 0
	for !(rota{day: dayOf(at) + turn, period: quarter}).turn(victim) {
		turn++
	}
	found := run(turn, nil)
	if !damaged(found) {
		t.Fatalf("on its day: got %s", found.Observed)
	}
	if next := run(turn+1, nil); damaged(next) {
		t.Error("the day after, nothing remembered: it was read though it was not its day")
	}
	next := run(turn+1, remembered(found.Observed))
	if !damaged(next) {
		t.Error("the day after, remembered: it was not read again")
	}
	if again := run(turn+2, remembered(next.Observed)); !damaged(again) {
		t.Error("two days after: it was forgotten")
	}
	d.entries["/c/"+victim] = d.entries["/c/1.zst"]
	repaired := run(turn+2, remembered(next.Observed))
	if damaged(repaired) || strings.Contains(string(repaired.Observed), "suspects") {
		t.Errorf("repaired: got %s", repaired.Observed)
	}
	if damaged(run(0, remembered("no evidence"))) {
		t.Error("what cannot be read is no evidence")
	}
}

// A checksum beside a copy verifies what its format does not.
func TestSidecar(t *testing.T) {
	const bak = "TAPE una base de datos"
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(bak)))
	other := strings.Repeat("0", 64)
	for _, tt := range []struct {
		name, file, text string
		status           checks.Status
		code             string
	}{
		{"right", "a.bak.sha256", sum + "  a.bak\n", checks.Pass, "backup.recent_whole"},
		{"right, as BSD writes it", "a.bak.sha256", "SHA256 (a.bak) = " + strings.ToUpper(sum) + "\n", checks.Pass, "backup.recent_whole"},
		{"right, among others", "a.bak.sha256", other + "  b.bak\n" + sum + " *a.bak\n", checks.Pass, "backup.recent_whole"},
		{"wrong", "a.bak.sha256", other + "  a.bak\n", checks.Fail, "backup.none_whole"},
		{"of nothing", "a.bak.sha256", "hola\n", checks.Pass, "backup.recent_unverified"},
		{"of two others", "a.bak.sha256", other + "  b.bak\n" + other + "  c.bak\n", checks.Pass, "backup.recent_unverified"},
		{"of another kind", "a.bak.md5", sum + "  a.bak\n", checks.Pass, "backup.recent_unverified"},
	} {
		for _, os := range []host.OS{host.Linux, host.Windows} {
			t.Run(fmt.Sprint(tt.name, " on ", os), func(t *testing.T) {
				folder, quoted := "/c", "/c"
				if os == host.Windows {
					folder, quoted = `E:\c`, `E:\\c`
				}
				d := disk{os: os, entries: map[string]entry{
					join(os, folder, "a.bak"): {content: bak, age: 3 * time.Hour}, join(os, folder, tt.file): {content: tt.text, age: 3 * time.Hour},
				}}
				wants(t, said1(t, d, checktest.Answers{}, `{"name":"a","copies":"`+quoted+`"}`), tt.status, tt.code)
			})
		}
	}
}
