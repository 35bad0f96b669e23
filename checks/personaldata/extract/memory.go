package extract

import (
	"errors"
	"io"
)

// pieceBytes is how much memory a held document takes at a time.
const pieceBytes = 256 << 10

// memory holds a document that came as a stream, in pieces: growing copies nothing.
type memory struct {
	pieces [][]byte
	size   int64
}

// room is how much fits into the last piece.
func (m *memory) room() int { return int(int64(len(m.pieces))*pieceBytes - m.size) }

// grow adds a piece, one of spare if there is any, and returns the rest of spare.
func (m *memory) grow(spare [][]byte) [][]byte {
	if n := len(spare); n > 0 {
		m.pieces = append(m.pieces, spare[n-1])
		return spare[:n-1]
	}
	m.pieces = append(m.pieces, make([]byte, pieceBytes))
	return spare
}

// empty wipes the pieces and gives the first of them back to spare.
func (m *memory) empty(spare [][]byte) [][]byte {
	const keep = 8
	left := m.size
	for _, piece := range m.pieces {
		clear(piece[:min(max(left, 0), pieceBytes)])
		left -= pieceBytes
		if len(spare) < keep {
			spare = append(spare, piece)
		}
	}
	*m = memory{}
	return spare
}

// readFrom reads once from r into the last piece.
func (m *memory) readFrom(r io.Reader) error {
	n, err := r.Read(m.pieces[len(m.pieces)-1][pieceBytes-m.room():])
	m.size += int64(n)
	return err
}

// ReadAt implements io.ReaderAt.
func (m *memory) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read before the beginning")
	}
	for n < len(p) {
		if off >= m.size {
			return n, io.EOF
		}
		end := min(m.size-off/pieceBytes*pieceBytes, pieceBytes)
		k := copy(p[n:], m.pieces[off/pieceBytes][off%pieceBytes:end])
		n += k
		off += int64(k)
	}
	return n, nil
}
