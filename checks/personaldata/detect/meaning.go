package detect

// hashWord adds a letter to the hash of a word, which begins with 0. The words that are
// known have different hashes; that another word has one of theirs is as unlikely as a
// random number of 64 bits.
func hashWord(h uint64, letter byte) uint64 { return (h + uint64(letter)) * 0x9E3779B97F4A7C15 }

// meaningOf returns what the folded word of a hash says. Words are whole words, lower
// case, without accents; one that ends in a plural is listed as such.
func meaningOf(hash uint64) words {
	for i := hash >> meaningShift; ; i++ {
		switch m := &meanings[i%meaningSlots]; m.hash {
		case hash:
			return m.says
		case 0:
			return 0
		}
	}
}

const (
	meaningShift = 54
	meaningSlots = 1 << (64 - meaningShift) // most of them free
)

type meaning struct {
	hash uint64
	says words
}

type wordMeaning struct {
	word string
	says words
}

const (
	saysPhone    = saysPhoneMexico | saysPhoneSpain
	saysPassport = saysPassportMexico | saysPassportSpain
	saysPlate    = saysPlateMexico | saysPlateSpain
	saysSpaniard = saysDNI | saysNIE // "DNI: X1234567L" is how people write a NIE
)

// wordMeanings are the words that say something.
var wordMeanings = []wordMeaning{
	{"curp", saysCURP}, {"curps", saysCURP},
	{"rfc", saysRFC}, {"rfcs", saysRFC},
	{"nss", saysNSS | saysNUSS}, {"imss", saysNSS}, {"nssimss", saysNSS}, {"afiliacion", saysNSS | saysNUSS},
	{"nuss", saysNUSS}, {"naf", saysNUSS}, {"nass", saysNUSS},
	{"patronal", saysEmployer}, {"cotizacion", saysEmployer}, {"empresa", saysEmployer},
	{"clabe", saysCLABE}, {"clabes", saysCLABE}, {"interbancaria", saysCLABE}, {"cta", saysCLABE | saysCCC | saysIBAN},
	{"account", saysCLABE | saysCCC | saysIBAN}, {"domiciliacion", saysIBAN | saysCCC}, {"spei", saysCLABE},
	{"cuenta", saysCLABE | saysCCC | saysIBAN | halfCuenta}, {"cuentas", saysCLABE | saysCCC | saysIBAN | halfCuenta},
	{"ccc", saysCCC}, {"bancaria", halfBanco}, {"iban", saysIBAN | saysCCC}, {"ibans", saysIBAN | saysCCC},
	{"ine", saysINE}, {"ife", halfIFE}, {"credencial", halfCredencial}, {"elector", saysINE}, {"electores", saysINE}, {"cic", saysINE}, {"ocr", saysINE},
	{"idmex", saysINE}, {"votar", saysINE},
	{"identificador", halfIdentificador}, {"ciudadano", halfCiudadano},
	{"pasaporte", saysPassport}, {"pasaportes", saysPassport}, {"passport", saysPassport}, {"passports", saysPassport},
	{"tel", saysPhone}, {"tels", saysPhone}, {"telefono", saysPhone}, {"telefonos", saysPhone}, {"telefonico", saysPhone},
	{"telf", saysPhone}, {"tfno", saysPhone}, {"tlf", saysPhone}, {"tlfno", saysPhone}, {"tfn", saysPhone},
	{"cel", saysPhone}, {"celular", saysPhone}, {"celulares", saysPhone}, {"movil", saysPhone}, {"moviles", saysPhone},
	{"fax", saysPhoneSpain | englishPhone}, {"whatsapp", saysPhone}, {"whats", saysPhone}, {"phone", englishPhone}, {"phones", englishPhone}, {"mobile", englishPhone},
	{"llamar", saysPhone}, {"llame", saysPhone}, {"lada", saysPhoneMexico}, {"telephone", englishPhone},
	{"issemym", saysISSEMYM},
	{"placa", saysPlate}, {"placas", saysPlate}, {"matricula", saysPlate}, {"matriculas", saysPlate},
	{"dni", saysSpaniard}, {"dnis", saysSpaniard}, {"identidad", saysSpaniard},
	{"nif", saysSpaniard | saysCIF}, {"nifs", saysSpaniard | saysCIF},
	{"nie", saysSpaniard}, {"nies", saysSpaniard}, {"tie", saysSpaniard},
	{"cif", saysCIF | saysSpaniard}, {"cifs", saysCIF | saysSpaniard},
	{"tarjeta", saysCard}, {"tarjetas", saysCard}, {"card", saysCard}, {"cards", saysCard}, {"visa", saysCard},
	{"mastercard", saysCard}, {"amex", saysCard}, {"tdc", saysCard}, {"tdd", saysCard}, {"pan", saysCard}, {"carnet", saysCard},
	{"correo", saysEmail}, {"correos", saysEmail}, {"email", saysEmail}, {"emails", saysEmail}, {"mail", saysEmail},
	{"nombre", saysName}, {"nombres", saysName}, {"apellidos", saysName}, {"apellido", saysName},
	{"domicilio", saysAddress}, {"direccion", saysAddress},
	{"nacimiento", saysBirthDate}, {"nac", saysBirthDate}, {"fnac", saysBirthDate}, {"fecnac", saysBirthDate}, {"naci", saysBirthDate},
	{"fechanac", saysBirthDate}, {"fechanacimiento", saysBirthDate}, {"fecnacimiento", saysBirthDate}, {"nacido", saysBirthDate},
	{"nacida", saysBirthDate}, {"birthdate", saysBirthDate}, {"birthday", saysBirthDate}, {"dob", saysBirthDate},
	{"contrasena", saysCredential}, {"password", saysCredential}, {"passwords", saysCredential},

	{"folio", saysOther}, {"folios", saysOther}, {"rastreo", saysOther}, {"guia", saysOther}, {"sku", saysOther},
	{"lote", saysOther}, {"lotes", saysOther}, {"isbn", saysOther}, {"issn", saysOther}, {"uuid", saysOther}, {"sha", saysOther},
	{"serie", saysOther}, {"ejemplo", saysOther}, {"ejemplos", saysOther}, {"prueba", saysOther}, {"ean", saysOther},
	{"imei", saysOther}, {"upc", saysOther}, {"gtin", saysOther},

	{"registro", halfRegistro}, {"poblacion", halfPoblacion},
	{"federal", halfFederal}, {"contribuyentes", halfContribuyentes}, {"contribuyente", halfContribuyentes},
	{"seguro", halfSeguro}, {"seguridad", halfSeguro}, {"social", halfSocial},
	{"documento", halfDocumento}, {"nacional", halfNacional},
	{"identificacion", halfIdentificacion}, {"fiscal", halfFiscal},
	{"numero", halfNumero}, {"num", halfNumero}, {"no", halfNumero}, {"nro", halfNumero}, {"number", halfNumero},
	{"parte", halfParte}, {"pieza", halfParte}, {"part", halfParte},
}

// meanings is indexed by the high bits of the hash of a word, or follows what has them too.
var meanings = func() (t [meaningSlots]meaning) {
	for _, m := range wordMeanings {
		h := uint64(0)
		for _, c := range []byte(m.word) {
			h = hashWord(h, c)
		}
		i := h >> meaningShift
		for t[i%meaningSlots].hash != 0 {
			i++
		}
		t[i%meaningSlots] = meaning{h, m.says}
	}
	return t
}()
