package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/reviews"
)

// Step names one thing that Verify proves.
type Step string

// The steps, in their order. Later ones rest on earlier ones.
const (
	StepFiles      Step = "files"      // the manifest's files and no other, unchanged
	StepSignature  Step = "signature"  // the log's key signed them
	StepCheckpoint Step = "checkpoint" // so it did the state of the log
	StepTree       Step = "tree"       // no entry of the log was altered
	StepLeaves     Step = "leaves"     // the entries given are in the log
	StepReports    Step = "reports"    // the machines signed their reports
	StepStates     Step = "states"     // each state follows from facts and policy
	StepTables     Step = "tables"     // totals, tables and PDF follow from the states
	StepAct        Step = "act"        // the act follows from its entries: decisions, signatures, numbers
	StepKept       Step = "kept"       // the log is the one that a kept checkpoint is of
)

// StepResult is the outcome of a step.
type StepResult struct {
	Step Step
	// Err is nil when the step proved what it says. Skipped says why it proved
	// nothing, when it could not be taken.
	Err     error
	Skipped string
	// Count is how many things were proved.
	Count int
}

// Result is the outcome of a verification.
type Result struct {
	Steps    []StepResult
	Document Document
	// Key is the fingerprint of the key that signed, for comparison on paper.
	Key string
}

// OK tells that every step that was taken proved what it says.
func (r Result) OK() bool {
	return !slices.ContainsFunc(r.Steps, func(s StepResult) bool { return s.Err != nil })
}

// VerifyOptions are what a reader brings along.
type VerifyOptions struct {
	Catalog *catalog.Catalog
	// Program is this program's version: the PDF is rendered again and compared
	// only if the same version made it.
	Program string
	// Kept is a checkpoint kept elsewhere, by an agent or on paper; nil for
	// none.
	Kept []byte
	// Progress may be nil; it is told of each step as it begins.
	Progress func(Step)
}

// ErrPackage is wrapped by the error of a file that is no package at all: there
// is then nothing to verify.
var ErrPackage = errors.New("not a review package")

// Verify checks a package. The error says that it is none, or could not be
// read; what is wrong inside a package is in the result.
func Verify(ctx context.Context, r io.ReaderAt, size int64, opts VerifyOptions) (Result, error) {
	files, err := readPackage(r, size)
	if err != nil {
		return Result{}, err
	}
	v := &verification{VerifyOptions: opts, ctx: ctx, files: files}
	for _, s := range []struct {
		step Step
		take func() (int, error)
	}{
		{StepFiles, v.manifest}, {StepSignature, v.signature}, {StepCheckpoint, v.checkpoint}, {StepTree, v.tree},
		{StepLeaves, v.leaves}, {StepReports, v.reports}, {StepStates, v.states}, {StepTables, v.tables}, {StepAct, v.act}, {StepKept, v.kept},
	} {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		if opts.Progress != nil {
			opts.Progress(s.step)
		}
		n, err := s.take()
		res := StepResult{Step: s.step, Count: n, Err: err}
		if skip, ok := errors.AsType[skipped](err); ok {
			res.Err, res.Skipped = nil, string(skip)
		}
		v.out.Steps = append(v.out.Steps, res)
	}
	return v.out, nil
}

// skipped is the error of a step that could not be taken, and why.
type skipped string

func (s skipped) Error() string { return string(s) }

// Why a step is skipped.
const (
	afterFailure = skipped("an earlier step did not succeed")
	noKept       = skipped("no kept checkpoint was given")
	noAct        = skipped("the package holds no act")
)

// verification is one Verify under way. Steps fill what later ones need; a nil
// means that the step that fills it failed.
type verification struct {
	VerifyOptions
	ctx   context.Context //nolint:containedctx // lives for one call of Verify
	files map[string][]byte
	out   Result

	man      *Manifest
	doc      *Document
	verifier string
	check    *evidence.Checkpoint
	hashes   []tlog.Hash
	entries  map[int64]evidence.Entry
	bundles  map[int64]*bundle
	enrolled map[string]time.Time // by machine
}

// manifest compares the files with the manifest and the sums.
func (v *verification) manifest() (int, error) {
	var m Manifest
	if err := json.Unmarshal(v.files[fileManifest], &m); err != nil {
		return 0, problem(plainJSON(err), "file", "file", fileManifest)
	}
	if m.Schema != Schema {
		return 0, problem(nil, "file.version", "format", m.Schema)
	}
	v.man = &m
	listed := map[string]bool{fileManifest: true, fileSums: true, fileSignature: true}
	for _, f := range m.Files {
		b, ok := v.files[f.Name]
		sum := sha256.Sum256(b)
		switch {
		case !ok:
			return 0, problem(nil, "file.missing", "file", f.Name)
		case listed[f.Name]:
			return 0, problem(nil, "file.twice", "file", f.Name)
		case hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(b)) != f.Size:
			return 0, problem(nil, "file.altered", "file", f.Name)
		}
		listed[f.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		if !listed[name] {
			return 0, problem(nil, "file.extra", "file", name)
		}
	}
	rest := maps.Clone(v.files)
	delete(rest, fileSums)
	delete(rest, fileSignature)
	if !bytes.Equal(sums(rest), v.files[fileSums]) {
		return 0, problem(nil, "file.sums", "file", fileSums)
	}
	var d Document
	if err := decodeDocument(v.files[fileDocument], &d); err != nil {
		return 0, problem(err, "file", "file", fileDocument)
	}
	if _, err := reviews.ParsePeriod(d.Period, time.UTC); err != nil || d.Schema != Schema || d.Period != m.Period {
		return 0, problem(nil, "file.review", "file", fileDocument)
	}
	v.doc, v.out.Document = &d, d
	return len(m.Files), nil
}

// plainJSON drops what a decoder's error may quote of the file.
func plainJSON(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return problem(nil, "file.json", "byte", fmt.Sprint(syntax.Offset))
	}
	return problem(nil, "file.form")
}

func (v *verification) signature() (int, error) {
	v.verifier = strings.TrimSpace(string(v.files[fileKey]))
	v.out.Key = Fingerprint(v.verifier)
	if v.man == nil {
		return 0, afterFailure
	}
	if err := evidence.VerifyStatement(v.files[fileSignature], v.verifier, statementAbout(v.man.Period), v.files[fileSums]); err != nil {
		return 0, problem(err, "signature", "file", fileSignature)
	}
	return 1, nil
}

func (v *verification) checkpoint() (int, error) {
	c, err := evidence.VerifyCheckpoint(v.files[fileCheckpoint], v.verifier)
	if err != nil {
		return 0, problem(err, "signature", "file", fileCheckpoint)
	}
	v.check = &c
	if v.doc != nil && (v.doc.Log.Size != c.Size || v.doc.Log.Origin != c.Origin || !bytes.Equal(v.doc.Log.Root, c.Hash[:])) {
		return 0, problem(nil, "log.other", "file", fileCheckpoint)
	}
	return 1, nil
}

// tree recomputes the root from the hash of every entry. Where the exporter
// saw that a row no longer gives its hash, the first one is named.
func (v *verification) tree() (int, error) {
	if v.check == nil {
		return 0, afterFailure
	}
	stored, firstBad, err := v.readTree()
	if err != nil {
		return 0, err
	}
	if v.doc != nil && v.doc.Damage != nil {
		if d := v.doc.Damage; firstBad < 0 || d.First <= firstBad {
			return 0, &BadEntry{Index: d.First, Last: d.Last, Why: d.Why}
		}
	}
	if firstBad >= 0 {
		return 0, &BadEntry{Index: firstBad, Last: firstBad}
	}
	if root := evidence.RootOf(stored); root != v.check.Hash {
		return 0, problem(nil, "log.root")
	}
	if v.doc != nil && len(v.doc.Warnings) > 0 {
		return 0, problem(nil, "log.warned", "what", v.doc.Warnings[0])
	}
	v.hashes = stored
	return len(stored), nil
}

// BadEntry is the error that names the first altered entry of the log.
type BadEntry struct {
	// Index is the entry's; when only checkpoints can tell, it is one of Index
	// to Last.
	Index, Last int64
	Why         string // evidence.Defect; empty when it is not known
}

func (e *BadEntry) Error() string { return e.damage().say(message.English) }

// readTree reads arbol.txt: one line an entry, with the hash in the tree and,
// where the row no longer gives that, the one that it gives. firstBad is -1 when
// there is no such row.
func (v *verification) readTree() (stored []tlog.Hash, firstBad int64, err error) {
	firstBad = -1
	for line := range bytes.Lines(v.files[fileTree]) {
		text := strings.TrimSpace(string(line))
		if text == "" || text[0] == '#' {
			continue
		}
		f := strings.Fields(text)
		want := fmt.Sprint(len(stored))
		if len(f) < 2 || len(f) > 3 || f[0] != want {
			return nil, 0, problem(nil, "log.entry", "index", want, "file", fileTree)
		}
		h, errHash := parseHash(f[1])
		if (errHash != nil || len(f) == 3) && firstBad < 0 {
			firstBad = int64(len(stored))
		}
		stored = append(stored, h)
	}
	if int64(len(stored)) != v.check.Size {
		return nil, 0, problem(nil, "log.size", "file", fileTree, "have", fmt.Sprint(len(stored)), "want", fmt.Sprint(v.check.Size))
	}
	return stored, firstBad, nil
}

func parseHash(text string) (tlog.Hash, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != tlog.HashSize {
		return tlog.Hash{}, errors.New("not a hash")
	}
	return tlog.Hash(b), nil
}

// leaves checks each given entry: its bytes against its hash, and its proof
// against the checkpoint.
func (v *verification) leaves() (int, error) {
	if v.check == nil {
		return 0, afterFailure
	}
	entries := map[int64]evidence.Entry{}
	last := int64(-1)
	for line := range bytes.Lines(v.files[fileLeaves]) {
		var l leafLine
		if err := json.Unmarshal(line, &l); err != nil {
			return 0, problem(plainJSON(err), "file", "file", fileLeaves)
		}
		if l.Index <= last {
			return 0, problem(nil, "entry.order", "index", fmt.Sprint(l.Index))
		}
		last = l.Index
		e, err := v.leaf(l)
		if err != nil {
			return len(entries), err
		}
		entries[l.Index] = e
	}
	if err := v.origin(entries[0]); err != nil {
		return 0, err
	}
	v.entries = entries
	return len(entries), nil
}

// origin checks that the log was begun by the key that signed the package.
func (v *verification) origin(first evidence.Entry) error {
	var begun struct {
		Origin string `json:"origin"`
		Key    string `json:"key"`
	}
	if first.Header.Kind != evidence.Genesis || json.Unmarshal(first.Payload, &begun) != nil {
		return problem(nil, "log.genesis")
	}
	if begun.Origin != v.check.Origin || begun.Key != v.verifier {
		return problem(nil, "log.key")
	}
	return nil
}

func (v *verification) leaf(l leafLine) (evidence.Entry, error) {
	header, err := evidence.ParseHeader([]byte(l.Header))
	if err != nil || len(l.Sum) != sha256.Size {
		return evidence.Entry{}, &BadEntry{Index: l.Index, Last: l.Index}
	}
	e := evidence.Entry{Index: l.Index, Header: header, HeaderBytes: []byte(l.Header), Salt: l.Salt, Payload: l.Payload, PayloadHash: [32]byte(l.Sum)}
	if e.Payload == nil && e.Salt != nil {
		e.Payload = []byte{}
	}
	e.Hash = evidence.LeafHash(e.HeaderBytes, e.PayloadHash)
	proof := make(tlog.RecordProof, len(l.Proof))
	for i, h := range l.Proof {
		if len(h) != tlog.HashSize {
			return evidence.Entry{}, problem(nil, "entry.proof", "index", fmt.Sprint(l.Index))
		}
		proof[i] = tlog.Hash(h)
	}
	if err := evidence.VerifyEntry(e, proof, *v.check); err != nil {
		return evidence.Entry{}, errors.Join(&BadEntry{Index: l.Index, Last: l.Index}, err)
	}
	return e, nil
}

// kept compares the log with a checkpoint kept elsewhere.
func (v *verification) kept() (int, error) {
	if v.Kept == nil {
		return 0, noKept
	}
	if v.check == nil || v.hashes == nil {
		return 0, afterFailure
	}
	old, err := evidence.VerifyCheckpoint(v.Kept, v.verifier)
	if err != nil {
		return 0, problem(err, "kept.key")
	}
	if old.Size > v.check.Size {
		return 0, problem(nil, "kept.newer", "kept", fmt.Sprint(old.Size), "have", fmt.Sprint(v.check.Size))
	}
	if evidence.RootOf(v.hashes[:old.Size]) != old.Hash {
		return 0, problem(nil, "kept.rewritten", "kept", fmt.Sprint(old.Size))
	}
	return 1, nil
}
