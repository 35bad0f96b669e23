package report

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"vigia/checks/catalog"
	"vigia/checks/message"
)

// Whatever is handed in as a package, verifying ends, and says yes to nothing
// but what Export made.
func FuzzVerify(f *testing.F) {
	genuine := middle(f).zip
	f.Add([]byte{})
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Add(genuine)
	f.Add(genuine[:len(genuine)/2])
	f.Add(genuine[len(genuine)/2:])
	whole := unzip(f, genuine)
	small := maps.Clone(whole)
	for name := range small {
		small[name] = []byte("{}\n")
	}
	f.Add(zipped(f, small))
	cat := catalog.New()
	f.Fuzz(func(t *testing.T, b []byte) {
		res, err := Verify(t.Context(), bytes.NewReader(b), int64(len(b)), VerifyOptions{Catalog: cat, Program: testProgram})
		switch {
		case err != nil && !errors.Is(err, ErrPackage):
			t.Errorf("got %v", err)
		case err == nil && res.OK() && !samePackage(t, b, whole):
			t.Error("it says yes to another package")
		}
	})
}

// samePackage tells whether a zip holds these files, however it is packed.
func samePackage(t *testing.T, b []byte, whole map[string][]byte) bool {
	return maps.EqualFunc(unzip(t, b), whole, bytes.Equal)
}

// Even with the key, and so past the seals, no file can be such that verifying
// panics, and each failure can be explained.
func FuzzVerifySealed(f *testing.F) {
	m := middle(f)
	whole := unzip(f, m.zip)
	names := slices.Sorted(maps.Keys(whole))
	for i, name := range names {
		if len(whole[name]) < 64<<10 {
			f.Add(i, whole[name])
		}
		f.Add(i, []byte{})
		f.Add(i, []byte("null\n"))
		f.Add(i, []byte(`{"schema":"vigia-review/1","period":"2026Q4"}`))
	}
	f.Add(slices.Index(names, fileTree), []byte("0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= x\n"))
	f.Add(slices.Index(names, fileLeaves), []byte(`{"index":0,"header":"","proof":[""]}`+"\n"))
	f.Add(slices.Index(names, fileLeaves), []byte(`{"index":-9223372036854775808,"proof":null}`+"\n"))
	f.Add(slices.Index(names, fileDocument), []byte(`{"schema":"vigia-review/1","period":"2026Q4","time_zone":"../../etc","program":"`+testProgram+
		`","trend":[{},{}],"states":[{"leaf":-1,"status":"unknown"}],"findings":[{"text":"\ud83d\ude00 \u0000"}],"controls":[{"id":"x","measured":true}]}`))
	cat := catalog.New()
	f.Fuzz(func(t *testing.T, i int, content []byte) {
		if i < 0 || i >= len(names) {
			return
		}
		files := maps.Clone(whole)
		files[names[i]] = content
		switch names[i] {
		case fileManifest, fileSums, fileSignature:
		default:
			reseal(t, files)
			signed, err := m.log.Sign(statementAbout("2026Q4"), files[fileSums])
			if err != nil {
				t.Fatal(err)
			}
			files[fileSignature] = signed
		}
		b := zipped(t, files)
		res, err := Verify(t.Context(), bytes.NewReader(b), int64(len(b)), VerifyOptions{Catalog: cat, Program: testProgram})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range res.Steps {
			if s.Err != nil && Explain(message.Spanish, s.Err) == "" {
				t.Errorf("step %s: nothing is said of %v", s.Step, s.Err)
			}
		}
	})
}
