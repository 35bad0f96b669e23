package personaldata

import (
	"testing"

	"vigia/checks/checktest"
)

func TestRecordings(t *testing.T) {
	const permits = `{"permits":[{"folder":"c:\\users\\usuario1\\documents\\padrones","purpose":"apoyos","by":"Desarrollo Social","until":"2026-12-31"}]}`
	for _, tt := range []struct{ name, params, dir string }{
		{"a Windows desk with a permit", permits, "testdata/windows-11"},
	} {
		t.Run(tt.name, func(t *testing.T) { checktest.Golden(t, documents(), tt.params, tt.dir) })
	}
}
