package detect

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"
)

// A maker writes invented text of one sort.
type maker struct {
	*rand.Rand
	out []byte
}

func (m *maker) printf(format string, args ...any) { m.out = fmt.Appendf(m.out, format, args...) }

func (m *maker) pick(words string) string {
	list := strings.Fields(words)
	return list[m.IntN(len(list))]
}

func (m *maker) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "BCDFGHJKLMNPRSTVWXYZ"[m.IntN(20)]
	}
	return string(b)
}

func (m *maker) date() string {
	return fmt.Sprintf("%02d%02d%02d", m.IntN(100), 1+m.IntN(12), 1+m.IntN(28))
}

func (m *maker) curp() string {
	v := []byte(m.letters(1) + m.pick("A E I O U") + m.letters(2) + m.date() + m.pick("H M") +
		m.pick("AS BC DF HG JC MC NL ZS") + m.letters(3) + m.pick("0 1 2 3") + "0")
	v[17] = curpDigit(v)
	return string(v)
}

func (m *maker) rfc() string {
	v := []byte(m.letters(1) + m.pick("A E I O U") + m.letters(2) + m.date() + "1H0")
	v[12] = rfcDigit(v)
	return string(v)
}

func (m *maker) nss() string {
	v := fmt.Appendf(nil, "%011d", m.Int64N(1e11))
	for v[10] = '0'; !luhn(v); v[10]++ {
	}
	return string(v)
}

func (m *maker) dni() string {
	n := m.IntN(1e8)
	return fmt.Sprintf("%08d%c", n, dniLetters[n%23])
}

const proseWords = "el la de que y a en un ser se no haber por con su para como estar tener le lo todo pero más hacer o poder " +
	"decir este ir otro ese si me ya ver porque dar cuando él muy sin vez mucho saber qué sobre mi alguno mismo yo también " +
	"hasta año dos querer entre así primero desde grande eso ni nos llegar pasar tiempo ella sí día uno bien poco deber " +
	"ayuntamiento sesión ordinaria comisión hacienda propuesta acuerdo plazo días hábiles personas interesadas resolución"

const givenNames = "Ana Luis María José Carmen Pedro Lucía Jorge Elena Raúl Sofía Iván"
const surnames = "García López Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz Cruz Reyes"

// prose has an identifier in one and a half to seven and a half kilobytes.
func (m *maker) prose(size int) {
	next := 3000
	for len(m.out) < size {
		for range 6 + m.IntN(14) {
			m.printf("%s ", m.pick(proseWords))
		}
		switch m.IntN(12) {
		case 0:
			m.printf("del %d de marzo de %d", 1+m.IntN(28), 1980+m.IntN(45))
		case 1:
			m.printf("(artículo %d)", m.IntN(200))
		case 2:
			m.printf("por %d.%03d,%02d euros", m.IntN(90), m.IntN(1000), m.IntN(100))
		}
		m.out = append(m.out, ".\n"...)
		if len(m.out) > next {
			switch m.IntN(4) {
			case 0:
				m.printf("Comparece %s %s, con CURP %s. ", m.pick(givenNames), m.pick(surnames), m.curp())
			case 1:
				m.printf("Comparece %s %s, con DNI %s. ", m.pick(givenNames), m.pick(surnames), m.dni())
			case 2:
				m.printf("El NSS %s, de %s %s. ", m.nss(), m.pick(givenNames), m.pick(surnames))
			case 3:
				m.printf("Escriba a %s.%s@ejemplo.gob.mx. ", m.pick("ana luis pedro"), m.pick("cruz reyes diaz"))
			}
			next = len(m.out) + 1500 + m.IntN(6000)
		}
	}
}

func (m *maker) code(size int) {
	for len(m.out) < size {
		m.printf("static int %s_%s(struct device *dev, u32 reg)\n{\n\tu%d val = readl(dev->base + 0x%x);\n\n", m.pick("get set read write init"),
			m.pick("clock reset power state mode"), 8<<m.IntN(4), m.IntN(4096))
		m.printf("\tif (val & BIT(%d))\n\t\treturn -EINVAL;\n\tdev_dbg(dev->parent, \"state %%d after %d ms\\n\", val);\n", m.IntN(32), m.IntN(500))
		m.printf("\tmutex_lock(&dev->lock);\n\tlist_for_each_entry(item, &dev->queue, node)\n\t\titem->refs++;\n\tmutex_unlock(&dev->lock);\n\treturn 0;\n}\n\n")
	}
}

func (m *maker) table(size int) {
	for len(m.out) < size {
		m.printf("<tr class=\"odd\"><td>U+%04X</td><td>%s %s letter with %s</td><td>%d</td><td>%.3f</td></tr>\n", m.IntN(65536),
			m.pick("latin greek cyrillic"), m.pick("small capital"), m.pick("acute grave tilde"), m.IntN(1000), m.Float64()*100)
	}
}

// csv has an identifier in 26 bytes, and no column names.
func (m *maker) csv(size int) {
	for len(m.out) < size {
		m.printf("%s,%s,%s %s %s,%s,%s,%s.%s@ejemplo.mx\n", m.curp(), m.rfc(), m.pick(givenNames), m.pick(surnames), m.pick(surnames),
			m.nss(), m.dni(), m.pick("ana luis pedro"), m.pick("cruz reyes diaz"))
	}
}

func (m *maker) noise(size int) {
	for len(m.out) < size {
		switch m.IntN(6) {
		case 0:
			m.printf("2026-01-%02dT%02d:%02d:%02d.%03dZ INFO request %d served in %d us\n", 1+m.IntN(28), m.IntN(24), m.IntN(60), m.IntN(60),
				m.IntN(1000), m.Int64N(1e12), m.IntN(1e6))
		case 1:
			m.printf("{\"id\":%d,\"folio\":\"%011d\",\"lat\":%.7f,\"lon\":-%.7f}\n", m.Int64N(1e16), m.Int64N(1e11), m.Float64()*90, m.Float64()*180)
		case 2:
			m.printf("%08x-%04x-%04x-%04x-%012x %x\n", m.Uint32(), m.IntN(65536), m.IntN(65536), m.IntN(65536), m.Int64N(1<<48), m.Uint64())
		case 3:
			m.printf("INSERT INTO t VALUES (%d, %d, '%018d', %d);\n", m.IntN(1e8), m.Int64N(1e12), m.Int64N(1e18), m.IntN(1e9))
		case 4:
			m.printf("%020d %012d %016d\n", m.Uint64(), m.Int64N(1e12), m.Int64N(1e16))
		case 5:
			m.printf("part %s-%06d rev %d.%d.%d sha %016x%016x\n", m.letters(3), m.IntN(1e6), m.IntN(9), m.IntN(20), m.IntN(30), m.Uint64(), m.Uint64())
		}
	}
}

// padron has ten fields in a row, of which one is an RFC, and no column names.
func (m *maker) padron(size int) {
	for len(m.out) < size {
		m.printf("%06d|%07d|T|%s|%s|%s|%s|%02d/%02d/%d|%s|31/12/2026\n", m.IntN(1e6), m.IntN(1e7), m.pick(givenNames), m.pick(surnames),
			m.pick(surnames), m.pick("H M"), 1+m.IntN(28), 1+m.IntN(12), 1940+m.IntN(65), m.rfc())
	}
}

// corpora are the texts of the benchmark, the same in each run.
func corpora(size int) map[string][]byte {
	texts := make(map[string][]byte)
	for name, write := range map[string]func(*maker, int){
		"prose": (*maker).prose, "code": (*maker).code, "table": (*maker).table,
		"csv": (*maker).csv, "noise": (*maker).noise, "padron": (*maker).padron,
	} {
		m := maker{Rand: rand.New(rand.NewPCG(3, 4))}
		write(&m, size)
		texts[name] = m.out
	}
	return texts
}

func BenchmarkScan(b *testing.B) {
	texts := corpora(1 << 20)
	for _, name := range []string{"prose", "code", "table", "csv", "noise", "padron"} {
		text := texts[name]
		for _, way := range []struct {
			name string
			simd simd
		}{{"simd", bestSIMD()}, {"swar", simd{}}} {
			b.Run(name+"/"+way.name, func(b *testing.B) {
				s := newScanner(maphash.MakeSeed(), windowBytes, way.simd)
				var tally Tally
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					tally.Reset()
					for rest := text; len(rest) > 0; {
						k := min(len(rest), 256<<10)
						s.Scan(rest[:k], tally.Add)
						rest = rest[k:]
					}
					s.Finish(tally.Add)
				}
			})
		}
	}
}
