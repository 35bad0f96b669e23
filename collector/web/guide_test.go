package web

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vigia/collector/access"
)

var guidePictures = flag.String("guide-pictures", "", "make the guide's pictures of the portal again, in this folder")

// TestGuidePictures takes the guide's pictures of the portal: the invented town hall of these
// tests, twice as fine as a screen, in few colours so that they stay small.
func TestGuidePictures(t *testing.T) {
	if *guidePictures == "" {
		t.Skip("make guide-pictures asks for it")
	}
	w := emptyTown(t, access.Administrator)
	pcs := officePCs()
	ids := w.furnish(pcs)
	w.knowMachines(pcs)
	c := startChromium(t, w)
	take := func(name string, width, height int64) {
		t.Helper()
		c.run(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}}})
			return err
		}))
		data, err := chromedp.Run(c.ctx, chromedp.CaptureScreenshot())
		w.must(err)
		w.must(os.WriteFile(filepath.Join(*guidePictures, name+".png"), fewColours(t, data), 0o644))
	}
	c.run(chromedp.Navigate(c.base + "/"))
	c.heading("Entrar")
	take("entrar", 760, 540)
	c.run(chromedp.KeyEvent(userOf(access.Administrator) + kb.Tab + goodPassword + kb.Enter))
	c.heading("Cómo está la organización")
	take("portal", 1280, 860)
	for _, page := range []struct {
		name, path    string
		width, height int64
	}{
		{"equipos", "/equipos", 1280, 640},
		{"equipo", "/equipos/" + ids["OBRAS-01"], 1280, 800},
		{"altas", "/altas", 1280, 1040},
	} {
		if page.name == "altas" {
			w.queue()
		}
		c.run(chromedp.Navigate(c.base + page.path))
		take(page.name, page.width, page.height)
	}
}

// fewColours writes a picture with the colours that it uses most; what is between two of
// them, at the edge of a letter, takes the nearest.
func fewColours(t *testing.T, data []byte) []byte {
	t.Helper()
	shot, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	used := map[color.RGBA]int{}
	box := shot.Bounds()
	coarse := func(x, y int) color.RGBA {
		r, g, b, _ := shot.At(x, y).RGBA()
		return color.RGBA{R: uint8(r>>8) | 7, G: uint8(g>>8) | 7, B: uint8(b>>8) | 7, A: 255}
	}
	exact := map[color.RGBA]map[color.RGBA]int{}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			key := coarse(x, y)
			used[key]++
			r, g, b, _ := shot.At(x, y).RGBA()
			if exact[key] == nil {
				exact[key] = map[color.RGBA]int{}
			}
			exact[key][color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 255}]++
		}
	}
	var keys []color.RGBA
	for key := range used {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b color.RGBA) int {
		if used[a] != used[b] {
			return used[b] - used[a]
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	var colours color.Palette
	for _, key := range keys[:min(len(keys), 40)] {
		var most color.RGBA
		for c, n := range exact[key] {
			if n > exact[key][most] || n == exact[key][most] && c.R+c.G+c.B < most.R+most.G+most.B {
				most = c
			}
		}
		colours = append(colours, most)
	}
	few := image.NewPaletted(box, colours)
	draw.Draw(few, box, shot, box.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
