package local

import (
	"os"
	"strings"
	"testing"
)

// What is plugged in tells its volumes and how full they are. Under Wine the other half
// of this test, wine_linux_test.go, says that a folder is a stick; there is no disk below
// it to ask for a maker and a number.
func TestListMedia(t *testing.T) {
	media, err := listMedia()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range media {
		t.Logf("plugged in: %+v", u)
		if u.Mounted != (len(u.Volumes) > 0) {
			t.Errorf("got %+v", u)
		}
	}
	if want := os.Getenv("VIGIA_TEST_STICK"); want != "" {
		if len(media) != 1 || strings.Join(media[0].Volumes, " ") != want || media[0].Used == nil || *media[0].Used == 0 || media[0].Size == 0 {
			t.Errorf("got %+v, want the volume %s and how full it is", media, want)
		}
	}
}
