package registers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"vigia/collector/storage"
)

// indexed is what is kept beside a row's values so that it is found without reading its
// book.
type indexed struct {
	key, department string
	words, names    string
	lacks           int64
	ends            string
}

// mostSearched bounds the letters of one value that a search looks at.
const mostSearched = 1000

func (b *Book) index(row Row) indexed {
	out := indexed{key: b.hashKey(row.Values), department: fold(row.Values[b.Department]), ends: row.Values[b.Ends]}
	words, names := []string{fold(b.FolioText(row.Folio))}, []string{}
	for _, f := range b.Fields {
		value := row.Values[f.Name]
		if value == "" {
			if f.Wanted {
				out.lacks++
			}
			continue
		}
		text := fold(f.searched(value))
		if f.Personal {
			names = append(names, text)
		} else {
			words = append(words, text)
		}
	}
	// A line each: no word of a search goes over the end of a value.
	out.words, out.names = strings.Join(words, "\n"), strings.Join(names, "\n")
	return out
}

// searched is a value with all words by which people may look for it.
func (f Field) searched(value string) string {
	switch f.Kind {
	case Choice, Choices:
		var out []string
		for code := range strings.SplitSeq(value, "\n") {
			for _, o := range f.Options {
				if o.Code == code {
					out = append(out, o.Label.ES, o.Label.EN)
				}
			}
		}
		return strings.Join(out, " ")
	case Paper, Flag:
		return ""
	case Day:
		return value + " " + f.Show(value, "", nil)
	case Folio:
		return f.Show(value, "", nil)
	case Line, Prose, Account, Host, Moment, Lines, Number:
	}
	if runes := []rune(value); len(runes) > mostSearched {
		return string(runes[:mostSearched])
	}
	return value
}

// hashKey is the key of a row in a form that any index takes; empty for none.
func (b *Book) hashKey(v Values) string {
	key := b.keyOf(v)
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// holders tells which row in force has a key, as far as the changes of one write have come.
type holders struct {
	store *Store
	book  *Book
	// whole: all keys were read at once, for a write of many rows.
	whole bool
	known map[string]int64 // 0: nobody
}

// manyChanges is from where on it is quicker to read all keys of a book at once.
const manyChanges = 200

func (s *Store) holders(ctx context.Context, tx *storage.Tx, b *Book, changes int) (*holders, error) {
	h := &holders{store: s, book: b, known: map[string]int64{}, whole: changes > manyChanges}
	if !h.whole || len(b.Key) == 0 {
		return h, nil
	}
	found, err := tx.Query(ctx, `SELECT row_key, folio FROM registers_rows WHERE book = $1 AND until_at = $2 AND removed = 0 AND row_key <> ''`,
		b.Name, int64(forever))
	if err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", b.Name, err)
	}
	defer found.Close()
	for found.Next() {
		var key string
		var folio int64
		if err := found.Scan(&key, &folio); err != nil {
			return nil, fmt.Errorf("read the keys of %s: %w", b.Name, err)
		}
		h.known[key] = folio
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", b.Name, err)
	}
	return h, nil
}

// of is the folio of the row that has a key, 0 for none.
func (h *holders) of(ctx context.Context, tx *storage.Tx, key string) (int64, error) {
	if folio, ok := h.known[key]; ok || h.whole || key == "" {
		return folio, nil
	}
	var folio int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(folio), 0) FROM registers_rows WHERE book = $1 AND row_key = $2 AND until_at = $3 AND removed = 0`,
		h.book.Name, key, int64(forever)).Scan(&folio); err != nil {
		return 0, fmt.Errorf("look for a row of %s: %w", h.book.Name, err)
	}
	h.known[key] = folio
	return folio, nil
}

// moves notes that a row's key is another from now on; an empty one is of no row.
func (h *holders) moves(folio int64, from, to string) {
	if from != "" && h.known[from] == folio {
		h.known[from] = 0
	}
	if to != "" {
		h.known[to] = folio
	}
}
