package scan

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/checks/host"
)

func TestFacet(t *testing.T) {
	files := map[string]string{
		"HEGG560427MVZRRL04/two.txt": person + "DNI 12345678Z\n",
		"one.txt":                    person,
		"clean.txt":                  letters,
		"mail.pst":                   "!BDN",
	}
	root := tree(t, files)
	sum, err := PersonalData{Folders: []string{root}}.Scan(t.Context(), host.ScanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Files["found"] != 2 || sum.Files["clean"] != 1 || sum.Files["unreadable"] != 1 || !sum.Complete {
		t.Errorf("got %+v", sum)
	}
	if sum.Persons != 2 || sum.Counts["mx.curp"] != 2 || sum.Reasons["format.unsupported"] != 1 {
		t.Errorf("got %+v", sum)
	}
	if len(sum.Found) != 2 || sum.Found[0].Persons != 2 || sum.Found[0].Level != "high" || !sum.Found[0].Whole {
		t.Fatalf("found %+v", sum.Found)
	}
	if got, want := sum.Found[0].Folder, filepath.Join(root, "******************"); got != want {
		t.Errorf("folder %s, want %s", got, want)
	}
}

func TestFacetListsTheWorstFiles(t *testing.T) {
	files := map[string]string{}
	for i := range 3 * maxListed {
		files[fmt.Sprintf("%04d", i)] = person
	}
	files["5000"] = person + "DNI 12345678Z\n"
	sum, err := PersonalData{}.Scan(t.Context(), host.ScanRequest{Roots: []string{tree(t, files)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(sum.Found) != maxListed || sum.FoundMore != 2*maxListed+1 || filepath.Base(sum.Found[0].Path) != "5000" {
		t.Errorf("%d listed, %d more, first %+v", len(sum.Found), sum.FoundMore, sum.Found[0])
	}
}

// A scan that runs out of time says so and keeps what it has.
func TestFacetRunsOutOfTime(t *testing.T) {
	files := map[string]string{"a": person}
	for i := range 100 {
		files[fmt.Sprintf("b%d", i)] = strings.Repeat(letters, 20_000)
	}
	root := tree(t, files)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	sum, err := PersonalData{Share: 0.05}.Scan(ctx, host.ScanRequest{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Complete || sum.Stopped != "limit.time" || sum.Files["found"] != 1 {
		t.Errorf("got %+v", sum)
	}
}

func TestTimeWithin(t *testing.T) {
	tests := []struct{ left, want time.Duration }{
		{time.Hour, time.Hour - 5*time.Second},
		{10 * time.Second, 9 * time.Second},
		{0, time.Millisecond},
		{-time.Second, time.Millisecond},
	}
	for _, tt := range tests {
		if got := timeWithin(tt.left); got != tt.want {
			t.Errorf("timeWithin(%v) = %v, want %v", tt.left, got, tt.want)
		}
	}
}

func TestFacetLimits(t *testing.T) {
	root := tree(t, map[string]string{"a": person, "b": person, "c": person})
	sum, err := PersonalData{}.Scan(t.Context(), host.ScanRequest{Roots: []string{root}, MaxFiles: 2})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Complete || sum.Stopped != "limit.files" || sum.Files["found"] != 2 {
		t.Errorf("got %+v", sum)
	}
	if _, err := (PersonalData{}).Scan(t.Context(), host.ScanRequest{Roots: []string{filepath.Join(root, "none")}}); err == nil {
		t.Error("no error for a root that is missing")
	}
}

func TestUserFolders(t *testing.T) {
	for _, f := range UserFolders() {
		if !filepath.IsAbs(f) {
			t.Errorf("%s is not absolute", f)
		}
	}
}
