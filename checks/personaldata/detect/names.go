package detect

// Names of persons: two or more words in a row that are given names or surnames and
// begin with a capital, with "de", "la" and the like between; or one after the word
// "nombre". Names that are ordinary words too (Rosa, Cruz, León) do not count alone, and
// neither do those of streets and schools.

// nameRun is the name that is being read.
type nameRun struct {
	words    int // of the dictionary
	strong   int // that are no ordinary words
	given    bool
	surname  bool
	start    int
	end      int  // of its last word
	labelled bool // begins right after "nombre"
	place    bool // is that of a street or a school
	labelEnd int  // where the last label ended
	placeEnd int  // where the last word for a place ended
}

// maxNameWords is more than a name has: what goes on is a list.
const maxNameWords = 7

var nameWords = []roleWords{
	{roleLink, "de del la las los y i e da do dos das"},
	{roleSaint, "san santa santo"},
	{roleLabel, "nombre nombres apellido apellidos name surname lastname firstname paterno materno titular solicitante " +
		"interesado interesada trabajador trabajadora empleado empleada beneficiario beneficiaria contribuyente alumno alumna paciente " +
		"apellidopaterno apellidomaterno primerapellido segundoapellido nombrecompleto"},
	{rolePlace, "escuela primaria secundaria preparatoria colegio instituto universidad hospital clinica municipio ayuntamiento estadio " +
		"parque jardin mercado teatro auditorio biblioteca centro museo monumento premio fundacion estacion presa puente ley " +
		"ciudad villa pueblo ejido unidad deportivo fraccionamiento banco calzada autopista aeropuerto glorieta iglesia ermita " +
		"parroquia cooperativa residencia pabellon polideportivo"},
	{roleBirth, "nacimiento nac nacido nacida nacio nacidos fnac fecnac fechanac fechanacimiento fecnacimiento born birth birthdate " +
		"birthday dateofbirth dob naixement jaiotza"},
}

func (n *nameRun) clear() {
	n.words, n.strong, n.end = 0, 0, never
	n.given, n.surname, n.labelled, n.place = false, false, false, false
}

// meetName takes a word that has to do with names.
func (w *walker) meetName(roles role, start, end int) {
	n := &w.name
	joined := n.words > 0 && w.joins(n.end, start, roles)
	switch {
	case roles&roleName != 0 && w.capital(start) && (roles&(rolePlace|markWay|markArea) == 0 || joined):
		if !joined || n.words == maxNameWords {
			w.endName()
			n.labelled = start-n.labelEnd <= 4
			n.place = start-n.placeEnd <= 4
			n.start = start
		}
		n.words++
		if roles&roleWeak == 0 {
			n.strong++
		}
		n.given = n.given || roles&roleGiven != 0
		n.surname = n.surname || roles&roleSurname != 0
		n.end = end
	case roles&roleLink != 0:
		if joined {
			n.end = end
		} else if start-n.placeEnd <= 2 {
			n.placeEnd = end // "calle de Benito Juárez"
		}
	case roles&roleSaint != 0:
		if joined {
			n.end = end
		} else {
			n.placeEnd = end
		}
	}
	if roles&roleLabel != 0 {
		n.labelEnd = end
	}
	if roles&(rolePlace|markWay|markArea) != 0 && !joined {
		n.placeEnd = end
	}
}

// endName counts the name that was being read, if it is one.
func (w *walker) endName() {
	n := &w.name
	if !n.place && n.strong > 0 && (n.words >= 2 || n.labelled) {
		w.at.names++
		w.at.tell(kindName, n.start, n.end)
	}
	n.clear()
}

// joins tells whether a word that starts at i goes on the name that ended at end. In a
// table each word may have a field of its own.
func (w *walker) joins(end, i int, roles role) bool {
	gap := w.b[end:i]
	switch len(gap) {
	case 1:
		switch gap[0] {
		case ' ', '-', ';', '|', '\t', ',', 0xA0:
			return true
		}
	case 2:
		switch string(gap) {
		case "\u00a0", "  ":
			return true
		case ", ": // GARCÍA LÓPEZ, María
			return !w.name.given && roles&roleGiven != 0
		}
	case 3:
		switch string(gap) {
		case "\",\"", "\";\"", "\"\t\"":
			return true
		}
	}
	return false
}

// isName tells whether the cell b[lo:hi] of a column of names holds one: a single word
// of the dictionary is enough there.
func isName(v simd, b []byte, lo, hi int) bool {
	var r surrounding
	w := walker{lexicon: theLexicon(), simd: v, b: b[:min(hi, len(b))], at: &r}
	w.begin()
	w.name.labelEnd = lo
	if lo < 0 || lo >= len(w.b) {
		return false
	}
	w.walk(lo)
	w.endName()
	return r.names > 0
}
