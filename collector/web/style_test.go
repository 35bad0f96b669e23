package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestContrast computes the contrasts of WCAG 2.2 between the colours of the
// style, by light and by dark: 4.5 for text, 3 for shapes that mean something.
func TestContrast(t *testing.T) {
	t.Parallel()
	css, err := static.ReadFile("static/estilo.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the style has no dark colours")
	}
	dark, _, _ = strings.Cut(dark, "\n}")
	variable := regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{3,6})`)
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{"white": "#ffffff", "button": "#14667a"}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			colours[m[1]] = m[2]
		}
		for _, row := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "ground", 4.5}, {"ink", "card", 4.5}, {"ink", "wash", 4.5}, {"ink", "bad-wash", 4.5}, {"ink", "warn-wash", 4.5},
			{"soft", "ground", 4.5}, {"soft", "card", 4.5}, {"link", "ground", 4.5}, {"link", "card", 4.5}, {"white", "brand", 4.5}, {"white", "button", 4.5},
			{"on-pass", "pass", 4.5}, {"on-warn", "warn", 4.5}, {"on-fail", "fail", 4.5}, {"on-unknown", "unknown", 4.5},
			{"pass", "card", 3}, {"fail", "card", 3}, {"unknown", "card", 3}, {"focus", "card", 3}, {"focus", "ground", 3}, {"soft", "card", 3},
			{"level-high", "card", 3}, {"level-medium", "card", 3}, {"level-basic", "card", 3}, {"level-high", "wash", 3}, {"level-medium", "wash", 3}, {"level-basic", "wash", 3},
		} {
			front, back := colours[row.front], colours[row.back]
			if front == "" || back == "" {
				t.Errorf("%s: no colour %s or %s", scheme, row.front, row.back)
				continue
			}
			if got := contrast(t, front, back); got < row.least {
				t.Errorf("%s: %s on %s: got %.2f, want %.1f", scheme, row.front, row.back, got, row.least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	hex := strings.TrimPrefix(colour, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatalf("colour %s: %v", colour, err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
