package detect

import "math/bits"

// Postal addresses: three different marks of one within 120 bytes, of which one says
// street, quarter or home: "calle Mayor 12, 28013", "Av. Juárez núm. 3, col. Centro".

func addressExamples() examples {
	return examples{
		found: []string{
			"calle Mayor 12, 28013 Madrid",
			"C/ Mayor, 12, 3º B, 28013 Madrid",
			"Av. Benito Juárez núm. 123, Col. Centro, C.P. 50000",
			"domicilio: Calle 5 de Mayo no. 8, colonia Reforma",
			"Blvd. Toluca 45 int. 3, Fracc. Las Flores",
			"Mz. 4 Lt. 12, Col. La Joya, C.P. 52000",
			"AVENIDA DE LA CONSTITUCIÓN 7, 2º PISO, 41001",
			"dirección;cp\nPlaza Mayor 1;28012",
		},
		missed: []string{
			"la calle estuvo cortada",
			"calle Mayor",
			"El número 12 de la revista, 28013 ejemplares",
			"la avenida principal y la plaza",
			"la colonia celebra su fiesta el 12",
			"piso piloto, 3 habitaciones",
			"col 3, int 5, no 7", // names of columns
			"c/o Scyld Corporation, 410 Severn Ave., Suite 210, 21403",
			"Foundation, Inc., 675 Mass Ave, Cambridge, MA 02139",
			"la dirección del barrio, tarjeta número 4152624964372341",
			"los vecinos del barrio, tarjeta número: 4915-8674-1947-7219, la dirección de obras",
		},
	}
}

var addressWords = []roleWords{
	{markWay, "calle calles avenida av avda ave boulevard blvd bulevar calzada calz paseo plaza plazuela carretera ctra camino " +
		"callejon privada priv cerrada travesia ronda rambla cuesta glorieta circuito prolongacion carrer avinguda kalea rua"},
	{markNumber, "numero num nro exterior ext numext noext no"},
	{markArea, "colonia col fraccionamiento fracc barrio urbanizacion urb poligono ejido rancheria residencial partida pedania " +
		"parcela delegacion alcaldia unidad infonavit"},
	{markPostal, "cp postal codigopostal zip"},
	{markInside, "piso interior int numint portal puerta escalera esc planta bloque edificio edif manzana mz mza lote lt lte " +
		"departamento depto dpto bajo atico letra izquierda izq izda derecha dcha entresuelo"},
	{markHome, "domicilio direccion domiciliado domiciliada residencia vecino vecina avecindado address"},
	{markTown, "municipio provincia localidad poblacion entidad"},
}

// addressMarks are the marks of the address that is being read.
type addressMarks struct {
	last  [7]int // where each began
	until int    // digits up to here may belong to it
}

const firstMark = markWay

func (a *addressMarks) clear() {
	for i := range a.last {
		a.last[i] = never
	}
	a.until = never
}

// mark takes a word that marks an address.
func (w *walker) mark(marks role, start, end int) {
	b := w.b
	if marks&(markNumber|markPostal|markInside) != 0 && !w.valueFollows(end, marks) {
		marks &^= markNumber | markInside // "no" and "bajo" say little without a number
	}
	if marks&markWay != 0 && end-start <= 4 && !w.nameFollows(end) {
		marks &^= markWay // "410 Severn Ave., Suite 210" is of the United States
	}
	if marks&markArea != 0 && end-start <= 5 && (end+1 >= len(b) || b[end] != '.' && !w.capitalNear(end)) {
		marks &^= markArea // "col" of a column
	}
	if marks != 0 {
		w.seeMarks(marks, start, end)
	}
}

// valueFollows tells whether a number, or a letter alone, stands right after i.
func (w *walker) valueFollows(i int, marks role) bool {
	for k := i; k < len(w.b) && k < i+4; k++ {
		switch c := w.b[k]; {
		case isDigit(c):
			end := digitsEnd(w.b[:min(len(w.b), k+7)], k)
			return end < k+7 && !groupAt(w.b, end) // no card
		case isLetter(c):
			return marks&markInside != 0 && (k+1 >= len(w.b) || !isLetter(w.b[k+1]))
		}
	}
	return false
}

// nameFollows tells whether a blank and a word or number stand after an abbreviation
// that ends at i.
func (w *walker) nameFollows(i int) bool {
	b := w.b
	if i < len(b) && b[i] == '.' {
		i++
	}
	return i+1 < len(b) && b[i] == ' ' && (isAlnum(b[i+1]) || b[i+1] >= 0x80)
}

func (w *walker) capitalNear(i int) bool {
	return i+1 < len(w.b) && w.b[i] == ' ' && isUpper(w.b[i+1])
}

// seeMarks notes the marks of b[start:end], and counts an address once there are enough.
func (w *walker) seeMarks(marks role, start, end int) {
	a := &w.address
	for m := marks; m != 0; m &= m - 1 {
		a.last[bits.TrailingZeros64(uint64(m/firstMark))] = start
	}
	if marks&(markWay|markArea|markHome) != 0 {
		a.until = end + addressReach
	} else if marks&markPostal != 0 {
		a.until = max(a.until, end+8)
	}
	var seen role
	first := end
	for i, at := range a.last {
		if end-at <= addressReach {
			seen |= firstMark << i
			first = min(first, at)
		}
	}
	if bits.OnesCount64(uint64(seen)) >= 3 && seen&(markWay|markArea|markHome) != 0 && seen&(markNumber|markPostal|markInside) != 0 {
		w.at.addresses++
		w.at.tell(kindAddress, first, end)
		a.clear()
	}
}

// markDigits takes a number that may be that of a house or a postal code.
func (w *walker) markDigits(p, e int) {
	b, a := w.b, &w.address
	if p > 0 && (isAlnum(b[p-1]) || joinedBefore(b, p)) || e < len(b) && (isLetter(b[e]) && e+1 < len(b) && isLetter(b[e+1]) || joinedAfter(b, e)) {
		return
	}
	way := a.last[0] != never && p-a.last[0] <= numberReach
	switch n := e - p; {
	case n == 5 && p >= 6 && b[p-1] == ' ' && digitsEnd(b[:p], p-6) == p-1: // "570689 11902" of a card
	case n == 5 && number(b[p:e]) >= 1000:
		w.seeMarks(markPostal, p, e)
	case n <= 4 && way && !isOrdinal(b, e):
		w.seeMarks(markNumber, p, e)
	case n <= 2 && isOrdinal(b, e):
		w.seeMarks(markInside, p, e)
	}
}

// isOrdinal tells whether the digits that end at e are followed by the sign of an ordinal.
func isOrdinal(b []byte, e int) bool {
	if e < len(b) && b[e] == '.' {
		e++
	}
	if e >= len(b) {
		return false
	}
	return b[e] == 0xBA || b[e] == 0xAA || b[e] == 0xC2 && e+1 < len(b) && (b[e+1] == 0xBA || b[e+1] == 0xAA)
}

// abbreviation reads "C/" and "C.P." whose letter c ends at end.
func (w *walker) abbreviation(end int) bool {
	b := w.b
	switch {
	case end+2 < len(b) && b[end] == '/' && b[end+1]|0x20 == 'o' && !isLetter(b[end+2]):
		return false // "c/o" is English
	case end+1 < len(b) && b[end] == '/' && !isDigit(b[end+1]):
		w.name.placeEnd = end + 1
		w.seeMarks(markWay, end-1, end+1)
	case end+2 < len(b) && (b[end] == '.' || b[end] == ' ') && (b[end+1]|0x20 == 'p' || b[end+1] == ' ' && b[end+2]|0x20 == 'p'):
		w.address.until = max(w.address.until, end+12)
		w.seeMarks(markPostal, end-1, end+2)
	default:
		return false
	}
	return true
}
