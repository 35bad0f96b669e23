package detect

import "math/bits"

// Special categories of personal data. One word says little ("renal", "partido", "iris"
// stand in any administrative text), so most count in pairs that stand within 64 bytes,
// such as "afiliación sindical" or "huella dactilar". What laws, notices and calls
// enumerate ("sin distinción de raza, religión u orientación sexual") is nobody's.
//
// Source: Regulation (EU) 2016/679, articles 9 and 10; the sensitive data of Mexico's
// laws on the protection of personal data.

// Halves of a pair.
const (
	halfPatient role = 1 << (halfShift + iota)
	halfIllness
	halfRecord  // expediente, historia
	halfMedical // clínico, médico
	halfGrade   // grado, tipo
	halfBlood
	halfDisability
	halfBelieves // religión, profesa
	halfFaith    // católica
	halfMember   // afiliado, militante
	halfUnion
	halfParty
	halfOrigin // origen, etnia
	halfPeople // gitana, mazahua
	halfPreference
	halfOrientation
	halfSexual
	halfCapture // plantilla, reconocimiento
	halfBody    // facial, iris
	halfFinger  // huella
	halfDactyl  // dactilar
	halfPrior   // antecedentes
	halfPenal
	halfAccused
	halfCrime
	halfIntent // intención, ideología
	halfVote
	halfPolitical
	halfVictim
	halfWarrant // orden, carpeta
	halfArrest  // aprehensión, investigación
	halfSpeaks
)

// pairs says which two halves speak of a category. A sure one is a fact about somebody
// wherever it stands; the others count for nothing in a law or a notice.
var pairs = [...]struct {
	halves role
	says   Category
	sure   bool
}{
	{halfPatient | halfIllness, Health, true},
	{halfRecord | halfMedical, Health, false},
	{halfGrade | halfDisability, Health, false},
	{halfGrade | halfBlood, Health, false},
	{halfBelieves | halfFaith, Religion, false},
	{halfMember | halfUnion, Union, false},
	{halfOrigin | halfPeople, Ethnicity, false},
	{halfSpeaks | halfPeople, Ethnicity, false},
	{halfPreference | halfOrientation, Orientation, true},
	{halfPreference | halfSexual, Orientation, false},
	{halfMember | halfParty, Politics, false},
	{halfIntent | halfVote, Politics, false},
	{halfIntent | halfPolitical, Politics, false},
	{halfMember | halfPolitical, Politics, false},
	{halfCapture | halfBody, Biometrics, false},
	{halfFinger | halfDactyl, Biometrics, false},
	{halfPrior | halfPenal, Criminal, false},
	{halfAccused | halfCrime, Criminal, false},
	{halfVictim | halfCrime, Criminal, false},
	{halfWarrant | halfArrest, Criminal, false},
}

// says is the role of a word that speaks of a category by itself.
func says(c Category) role { return role(c) << saysShift }

var categoryWords = []roleWords{
	// Health.
	{says(Health), "esquizofreni* quimioterapi* radioterapi* oncologic* seropositiv* hemodialisis drogadic* toxicoman* psiquiatric* " +
		"anamnesis comorbilidad comorbilidades hemograma farmacoterapi* discapacitad* incapacitad* postoperatori* leucemi* carcinoma*"},
	{halfPatient | roleIllness, "diagnostico diagnosticos dx diagnostic diagnosticad*"},
	{roleIllness, "cie cie10 icd icd10"},
	{halfPatient, "paciente pacientes padece padecia padecen padecer padecimiento padecimientos sufre sufria enfermo enferma " +
		"enfermedad enfermedades tratamiento tratada tratado medicacion medicamento medicamentos cirugia intervenida intervenido " +
		"hospitalizad* ingresad* positivo positiva alergia alergias baja incapacidad discapacidad sintomas cronica cronico " +
		"portador portadora embarazo terapia"},
	{halfIllness, "vih sida cancer tumor tumores diabetes diabetic* hipertens* epileps* epileptic* depresion depresivo depresiva " +
		"ansiedad autismo autista alzheimer parkinson esclerosis hepatitis tuberculos* asma asmatic* renal cardiopat* neumonia " +
		"covid alcoholismo bipolar psicosis anorexia bulimia cirrosis infarto ictus metastas* aborto demencia trastorno lupus " +
		"artritis fibromialgia migrana penicilina insulina transplante trasplante ludopatia melanoma linfoma neoplasia fractura"},
	{halfRecord, "expediente expedientes historia historial historiales nota informe certificado dictamen receta justificante " +
		"resumen parte reporte alta baja incapacidad licencia"},
	{halfMedical, "clinico clinica clinicos clinicas medico medica medicos medicas facultativo"},
	{halfGrade, "grado porcentaje certificado tipo grupo pension condicion"},
	{halfBlood, "sanguineo sangre rh"},
	{halfDisability, "discapacidad minusvalia invalidez dependencia"},
	// Religion.
	{halfBelieves, "religion religiosa religioso creencia creencias confesion profesa profesaba practicante bautizad* feligres*"},
	{halfFaith, "catolic* cristian* evangelic* protestante* musulman* islamic* islam judio judia judios judias budista budistas mormon mormones " +
		"adventista* pentecostal* anglican* ortodox* jehova ateo atea agnostic* hinduista*"},
	{says(Religion), "excomulgad* apostata* apostasia"},
	// Trade unions.
	{halfMember, "afiliacion afiliado afiliada afiliados afiliadas filiacion militante militantes militancia miembro cuota cuotas " +
		"delegado delegada agremiado agremiada simpatizante simpatizantes enlace descuento credencial carnet padron"},
	{halfUnion, "sindicato sindicatos sindical sindicales sindicalista ccoo ugt csif suteym snte sntsa uso cgt ctm cobas fsc stps"},
	{says(Union), "sindicalizad* huelguista*"},
	// Ethnic origin.
	{halfOrigin, "origen etnia etnico etnica etnicos raza racial pertenencia autoadscripcion autoadscribe identidad indigena ascendencia"},
	{halfPeople, "gitan* indigen* afrodescendient* afromexican* nahua nahuas nahuatl otomi otomies mazahua mazahuas maya mayas zapotec* " +
		"mixtec* tzotzil tzeltal purepecha purepechas raramuri tarahumara* huichol* totonac* matlatzinca tlahuica " +
		"caucasic* mestiz* negra subsaharian* magrebi*"},
	{halfSpeaks, "habla hablante hablantes"},
	// Sexual orientation and identity.
	{halfPreference, "orientacion preferencia preferencias identidad declara declaro condicion pareja reconoce soy conducta vida"},
	{halfOrientation, "homosexual* bisexual* lesbian* gay gays heterosexual* transexual* transgenero asexual* pansexual*"},
	{halfSexual, "sexual sexuales"},
	// Politics.
	{halfParty, "partido partidos pri prd morena psoe podemos vox pvem erc bildu pnv junts falange pp pan"},
	{halfIntent, "intencion ideologia ideologica opinion opiniones preferencia preferencias filiacion tendencia"},
	{halfVote, "voto electoral electorales"},
	{halfPolitical, "politica politicas politico politicos partidista"},
	// Biometrics.
	{halfCapture, "plantilla plantillas reconocimiento captura capturas escaneo patron patrones lectura registro muestra muestras " +
		"perfil prueba datos template"},
	{halfBody, "facial iris retina biometric* adn genetic* dactiloscopic*"},
	{halfFinger, "huella huellas"},
	{halfDactyl, "dactilar dactilares digital digitales"},
	// Crimes.
	{halfPrior, "antecedentes antecedente"},
	{halfPenal, "penales penal policiales policial delictiv*"},
	{halfAccused, "condenad* sentenciad* imputad* procesad* encausad* detenid* investigad* acusad* reclus* preso interno reo " +
		"indiciad* vinculad* condena pena"},
	{halfCrime, "delito delitos prision robo homicidio lesiones violencia fraude violacion secuestro narcotrafico feminicidio hurto " +
		"estafa abuso malversacion cohecho carcel penitenciari*"},
	{halfVictim, "victima victimas maltratad*"},
	{halfWarrant, "orden ordenes carpeta averiguacion mandamiento"},
	{halfArrest, "aprehension investigacion previa busca reaprehension"},
	// Laws, notices and calls.
	{roleNotice, "discriminacion distincion discriminar rgpd lopd lopdgdd reglamento privacidad protecciondedatos requisitos requisito " +
		"aportar deberan debera presentar solicitantes aspirantes convocatoria articulo articulos ley leyes organica decreto " +
		"normativa norma normas especiales igualdad derechos categorias apartado anexo formulario campana programa programas " +
		"ciudadania seccion folleto taller jornada jornadas curso guia protocolo manual"},
}

// noticeReach is how far a word of a notice takes the weight from what stands around it.
const noticeReach = 160

// meetCategory takes a word that speaks of a category or is half of a pair.
func (w *walker) meetCategory(roles role, start, end int) {
	if c := Category(roles & allSays >> saysShift); c != 0 {
		w.sure |= c
	}
	halves := roles & allHalves
	if halves == 0 {
		return
	}
	if halves&halfDisability != 0 {
		w.percent = end
	}
	for m := halves; m != 0; m &= m - 1 {
		w.halves[bits.TrailingZeros64(uint64(m))-halfShift] = start
	}
	for i := range pairs {
		p := &pairs[i]
		other := p.halves &^ halves
		if other == p.halves {
			continue // the word is in neither
		}
		if other == 0 { // a word in both halves needs another word
			continue
		}
		if at := w.halves[bits.TrailingZeros64(uint64(other))-halfShift]; start-at <= pairReach && w.oneSentence(at, start) {
			w.found(p.says, p.sure, start)
		}
	}
	if halves&(halfBelieves|halfOrigin|halfPreference) != 0 && w.labelled(end) {
		switch {
		case halves&halfBelieves != 0 && w.b[start]|0x20 == 'r':
			w.found(Religion, false, start)
		case halves&halfOrigin != 0 && w.b[start]|0x20 == 'e':
			w.found(Ethnicity, false, start)
		}
	}
}

// found notes a category, unless a notice speaks.
func (w *walker) found(c Category, sure bool, at int) {
	switch {
	case sure:
		w.sure |= c
	case at-w.notice > noticeReach:
		w.said |= c
		w.saidAt = at
	}
}

// oneSentence tells whether no sentence and no record ends between two words.
func (w *walker) oneSentence(from, to int) bool {
	for i := from; i < to; i++ {
		switch w.b[i] {
		case '\n':
			if i+1 < to && (w.b[i+1] == '\n' || w.b[i+1] == '\r') {
				return false
			}
		case '.':
			if i+1 < to && w.b[i+1] == ' ' && i >= 3 && isLower(w.b[i-1]) && isLower(w.b[i-2]) && isLower(w.b[i-3]) {
				return false
			}
		}
	}
	return true
}

// labelled tells whether a value follows the word that ends at i: "religión: católica".
func (w *walker) labelled(i int) bool {
	b := w.b
	for k := i; k < len(b) && k < i+3; k++ {
		if b[k] == ':' || b[k] == '=' {
			k++
			for k < len(b) && k < i+6 && (b[k] == ' ' || b[k] == '"') {
				k++
			}
			return k < len(b) && foldOf[b[k]] != notLetter
		}
	}
	return false
}

// settle weighs what was met. A text that speaks of four categories is a law or a notice.
func (w *walker) settle() {
	said := w.said
	if bits.OnesCount8(uint8(w.sure|said)) >= 4 {
		said = 0
	}
	w.at.categories |= w.sure | said
}

// isIllnessCode tells whether the digits b[p:e] belong to a code of the international
// classification of diseases: a letter, two digits, perhaps a dot and one or two more.
func isIllnessCode(b []byte, p, e int) bool {
	if e-p != 2 || p == 0 || !isUpper(b[p-1]) || b[p-1] == 'U' || wordBefore(b, p-1) {
		return false
	}
	if e < len(b) && b[e] == '.' && e+1 < len(b) && isDigit(b[e+1]) {
		e = digitsEnd(b[:min(len(b), e+4)], e+1)
		if isDigit(b[e-1]) && e < len(b) && isDigit(b[e]) {
			return false
		}
	}
	return !wordAt(b, e)
}

// isPercent tells whether a percent sign follows the digits that end at e.
func isPercent(b []byte, e int) bool {
	if e < len(b) && b[e] == ' ' {
		e++
	}
	return e < len(b) && b[e] == '%'
}

// columnCategories tells of which categories a column of a table speaks by its name. One
// word is enough there, but few are plain enough: "origen" may be that of a parcel, and
// "partido" a judicial one.
func columnCategories(v simd, name []byte) Category {
	c := Category(0)
	word := make([]byte, 0, 16)
	judicial, party := false, false
	for i := 0; i <= len(name); {
		letter, width := byte(0), 1
		if i < len(name) {
			letter, width = foldLetter(name, i)
		}
		switch {
		case letter != 0 && len(word) < cap(word):
			word = append(word, letter)
		case letter == 0:
			switch string(word) {
			case "diagnostico", "diagnosticos", "dx", "enfermedad", "enfermedades", "padecimiento", "padecimientos", "alergia", "alergias",
				"discapacidad", "sangre", "sanguineo", "medicamento", "medicamentos", "medicacion", "incapacidad", "embarazo", "vih":
				c |= Health
			case "religion", "religiosa", "culto":
				c |= Religion
			case "sindicato", "sindical", "sindicalizado", "sindicalizada":
				c |= Union
			case "etnia", "etnico", "etnica", "raza", "indigena":
				c |= Ethnicity
			case "orientacionsexual", "preferenciasexual", "orientacion_sexual":
				c |= Orientation
			case "militancia":
				c |= Politics
			case "partido":
				party = true
			case "judicial":
				judicial = true
			case "huella", "huellas", "biometrico", "biometricos", "iris":
				c |= Biometrics
			case "antecedentes", "delito", "delitos", "condena":
				c |= Criminal
			}
			word = word[:0]
		}
		i += width
	}
	if party && !judicial {
		c |= Politics
	}
	var r surrounding
	surroundings(v, name, 0, len(name), &r)
	return c | r.categories
}
