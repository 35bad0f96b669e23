// Package collector puts the collector together: it opens the database, the
// keys and the evidence log, hands them to the parts, serves agents and the
// portal, and offers the same parts to the command line.
//
// It holds no rule of its own. What each part promises stands in its package;
// what always holds here: everything lives in one data folder, commands may
// run beside the server, and nothing listens beyond loopback until the
// configuration says so.
package collector

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/activity"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/compare"
	"vigia/collector/courier"
	"vigia/collector/decisions"
	"vigia/collector/documents"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/incidents"
	"vigia/collector/ingest"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// Options say which collector to open.
type Options struct {
	// Dir is the data folder; it is made when it does not exist.
	Dir    string
	Config Config
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Version string

	// steps end the collector on the way of a delivery, in tests.
	steps ingest.Steps
	// story: a simulation is being told, by its own clock.
	story bool
}

// Collector is the opened collector: its database and parts.
type Collector struct {
	Config    Config
	Dir       string
	DB        *storage.DB
	Log       *evidence.Log
	CA        *enroll.CA
	Enroll    *enroll.Store
	Assign    *assign.Service
	Findings  *findings.Store
	Access    *access.Store
	Activity  *activity.Log
	Documents *documents.Store
	Registers *registers.Store
	Reviews   *reviews.Store
	Decisions *decisions.Store
	Incidents *incidents.Store
	Compare   *compare.Store
	Notify    *notify.Store
	Catalog   *catalog.Catalog

	packages *packages // that somebody asked for in the portal
	// directory tells that there is one which has passwords, provider is one of log-ins; nil:
	// there is none.
	directory bool
	provider  access.Provider

	logger  *slog.Logger
	now     func() time.Time
	told    []signedQuarter // of a simulation that was told
	offset  time.Duration   // of a simulation from the true time; set once, in Open
	version string
	steps   ingest.Steps
	// policyKey signs answers that go by hand, files opens what comes so.
	policyKey ed25519.PrivateKey
	files     carry.Key
}

// KeysDir is the folder of the keys inside the data folder.
const KeysDir = "keys"

// Schemas lists the tables of all parts.
func Schemas() []storage.Schema {
	return []storage.Schema{incidents.Schema(), evidence.Schema(), enroll.Schema(), assign.Schema(), findings.Schema(), ingest.Schema(), access.Schema(), activity.Schema(),
		reviews.Schema(),
		documents.Schema(), registers.Schema(), notify.Schema(), decisions.Schema()}
}

// Open opens the data folder, and begins a collector there when it is empty:
// keys, authority and the first entry of the log are made then.
func Open(ctx context.Context, opts Options) (*Collector, error) {
	c := &Collector{Config: opts.Config, Dir: opts.Dir, logger: opts.Logger, now: opts.Now, version: opts.Version, steps: opts.steps, Catalog: catalog.New()}
	if c.now == nil {
		c.now = time.Now
	}
	if clock := c.now; !opts.story {
		c.now = func() time.Time { return clock().Add(c.offset) }
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	packs, err := policy.Packs()
	if err != nil {
		return nil, fmt.Errorf("embedded packs: %w", err)
	}
	keys := filepath.Join(opts.Dir, KeysDir)
	logKey, err := evidence.LoadOrCreateKey(keys)
	if err != nil {
		return nil, err
	}
	policyKey, err := assign.LoadOrCreateKey(keys)
	if err != nil {
		return nil, err
	}
	c.policyKey = policyKey
	_, missing := os.Stat(filepath.Join(keys, courier.KeyFile))
	if c.files, err = courier.LoadOrCreateKey(keys); err != nil {
		return nil, err
	}
	if c.CA, err = enroll.OpenCA(enroll.CAOptions{Dir: keys, Now: opts.Now, Logger: c.logger}); err != nil {
		return nil, err
	}
	c.DB, err = storage.Open(ctx, storage.Options{DSN: opts.Config.Database.DSN, Folder: opts.Dir, Logger: c.logger}, Schemas()...)
	if err != nil {
		return nil, err
	}
	if err = c.parts(ctx, logKey, policyKey, packs); err == nil {
		err = c.knownPacks(ctx)
	}
	if err == nil && errors.Is(missing, fs.ErrNotExist) {
		err = c.newFilesKey(ctx)
	}
	if err == nil && c.Simulated() && !opts.story {
		err = c.resume(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.DB.Close())
	}
	return c, nil
}

// newFilesKey warns that the key for files is a new one although there are machines, which
// encrypt to another: it was lost, or a backup is older than such keys are.
func (c *Collector) newFilesKey(ctx context.Context) error {
	return c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		machines, err := c.Enroll.Machines(ctx, tx)
		if err != nil || len(machines) == 0 {
			return err
		}
		c.logger.WarnContext(ctx, "the key that opens files of machines without a route was missing, a new one was made: files that were encrypted to another cannot be opened; restore keys/files.key from a backup, or take new kits to those machines",
			"file", filepath.Join(c.Dir, KeysDir, courier.KeyFile), "machines", len(machines))
		return nil
	})
}

// knownPacks demands that the configuration names packs that there are.
func (c *Collector) knownPacks(ctx context.Context) error {
	var all []assign.PackInfo
	err := c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = c.Assign.AllPacks(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range c.Config.Packs {
		if !slices.ContainsFunc(all, func(p assign.PackInfo) bool { return p.Name == name }) {
			return fmt.Errorf("packs: no hay un paquete %q: vea los que hay con «vigia pack list» o corrija packs en vigia.yaml", name)
		}
	}
	return nil
}

func (c *Collector) parts(ctx context.Context, logKey *evidence.Key, policyKey ed25519.PrivateKey, packs []policy.Pack) error {
	var err error
	if c.Log, err = evidence.Open(ctx, c.DB, evidence.Options{Key: logKey, Now: c.now}); err != nil {
		return err
	}
	c.markSimulation()
	c.Findings = findings.NewStore(findings.Options{Checks: c.Catalog, Location: c.Config.TimeZone.Location, Absences: c.absences})
	c.Enroll = enroll.NewStore(enroll.StoreOptions{CA: c.CA, Log: c.Log, Now: c.now,
		Joined: func(ctx context.Context, tx *storage.Tx, m enroll.Machine) error {
			return c.Findings.Join(ctx, tx, findings.Machine{ID: m.ID, Department: m.Department, EnrolledAt: m.EnrolledAt})
		},
		Left: func(ctx context.Context, tx *storage.Tx, m enroll.Machine, at time.Time) error {
			return c.Findings.End(ctx, tx, findings.Machine{ID: m.ID, Department: m.Department, EnrolledAt: m.EnrolledAt}, at)
		}})
	c.Registers = registers.NewStore(registers.Options{Log: c.Log, Now: c.now, Changed: c.written})
	c.Assign = assign.New(assign.Options{Log: c.Log, Key: policyKey, Catalog: c.Catalog, Packs: packs,
		Default: policy.DefaultSource(c.Config.Packs...), Registers: c.Registers, Now: c.now})
	c.Access = access.Open(c.DB, c.Log, c.now)
	if err := c.logins(); err != nil {
		return err
	}
	c.Activity = activity.Open(activity.Options{DB: c.DB, Log: c.Log, Zone: c.Config.TimeZone.Location, Now: c.now, Logger: c.logger,
		Keep: time.Duration(c.Config.Activity.KeepDays) * 24 * time.Hour})
	c.Notify = notify.NewStore(c.now)
	c.Documents = documents.NewStore(c.Log, c.now)
	if c.Compare, err = c.compareStore(); err != nil {
		return err
	}
	c.Incidents = c.incidentsStore()
	c.Decisions = c.decisionsStore()
	c.Reviews = c.reviewsStore()
	c.packages = newPackages(c)
	return nil
}

// absences are the machines of which the policy's source says, as of a time, that they do
// not report for a while.
func (c *Collector) absences(ctx context.Context, tx *storage.Tx, at time.Time) (map[string][]findings.Absence, error) {
	source, err := c.Assign.SourceAt(ctx, tx, at)
	if err != nil || len(source.Absences) == 0 {
		return nil, err
	}
	machines, err := c.Enroll.Machines(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]findings.Absence)
	for _, a := range source.Absences {
		from, until := a.Days(c.Config.TimeZone.Location)
		for _, m := range machines {
			if a.Binds(m.Hostname, m.Department) {
				out[m.ID] = append(out[m.ID], findings.Absence{From: from, Until: until, Why: a.Why})
			}
		}
	}
	return out, nil
}

// policyOf composes the policy of a machine that enrols. Where the rules give none, the
// machine is let in all the same, and gets one with its first report after they are mended.
func (c *Collector) policyOf(ctx context.Context, tx *storage.Tx, m enroll.Machine) (*apiv1.SignedPolicy, error) {
	signed, _, err := c.Assign.Current(ctx, tx, assign.Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department})
	if errors.Is(err, assign.ErrCompose) {
		c.logger.ErrorContext(ctx, "no policy for a machine", "agent_id", m.ID, "error", err)
		return nil, nil
	}
	return signed, err
}

// Close closes the database.
func (c *Collector) Close() error { return c.DB.Close() }

// local writes a time for people, in the organisation's zone.
func (c *Collector) local(t time.Time) string {
	if t.IsZero() {
		return "nunca"
	}
	return t.In(c.Config.TimeZone.Location).Format("02/01/2006 15:04")
}
