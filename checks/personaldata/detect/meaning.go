package detect

// meaning returns what one folded word says. Words are whole words, lower case,
// without accents; one that ends in a plural is listed as such.
func meaning(word string) words {
	for _, m := range meanings[len(word)%len(meanings)] {
		if m.word == word {
			return m.says
		}
	}
	return 0
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

// meanings is indexed by the length of the word.
var meanings = func() (t [17][]wordMeaning) {
	for _, m := range []wordMeaning{
		{"curp", saysCURP}, {"curps", saysCURP},
		{"rfc", saysRFC}, {"rfcs", saysRFC},
		{"nss", saysNSS | saysNUSS}, {"imss", saysNSS}, {"nssimss", saysNSS}, {"afiliacion", saysNSS | saysNUSS},
		{"nuss", saysNUSS}, {"naf", saysNUSS}, {"nass", saysNUSS},
		{"clabe", saysCLABE}, {"clabes", saysCLABE}, {"interbancaria", saysCLABE}, {"spei", saysCLABE},
		{"cuenta", saysCLABE | saysCCC | saysIBAN | halfCuenta}, {"cuentas", saysCLABE | saysCCC | saysIBAN | halfCuenta},
		{"ccc", saysCCC}, {"bancaria", halfBanco}, {"iban", saysIBAN | saysCCC}, {"ibans", saysIBAN | saysCCC},
		{"ine", saysINE}, {"ife", saysINE}, {"elector", saysINE}, {"electores", saysINE}, {"cic", saysINE}, {"ocr", saysINE},
		{"idmex", saysINE}, {"votar", saysINE},
		{"identificador", halfIdentificador}, {"ciudadano", halfCiudadano},
		{"pasaporte", saysPassport}, {"pasaportes", saysPassport}, {"passport", saysPassport}, {"passports", saysPassport},
		{"tel", saysPhone}, {"tels", saysPhone}, {"telefono", saysPhone}, {"telefonos", saysPhone}, {"telefonico", saysPhone},
		{"telf", saysPhone}, {"tfno", saysPhone}, {"tlf", saysPhone}, {"tlfno", saysPhone}, {"tfn", saysPhone},
		{"cel", saysPhone}, {"celular", saysPhone}, {"celulares", saysPhone}, {"movil", saysPhone}, {"moviles", saysPhone},
		{"fax", saysPhone}, {"whatsapp", saysPhone}, {"whats", saysPhone}, {"phone", saysPhone}, {"phones", saysPhone}, {"mobile", saysPhone},
		{"llamar", saysPhone}, {"llame", saysPhone}, {"lada", saysPhoneMexico}, {"telephone", saysPhone},
		{"issemym", saysISSEMYM},
		{"placa", saysPlate}, {"placas", saysPlate}, {"matricula", saysPlate}, {"matriculas", saysPlate},
		{"dni", saysSpaniard}, {"dnis", saysSpaniard}, {"identidad", saysSpaniard},
		{"nif", saysSpaniard | saysCIF}, {"nifs", saysSpaniard | saysCIF},
		{"nie", saysSpaniard}, {"nies", saysSpaniard}, {"tie", saysSpaniard},
		{"cif", saysCIF | saysSpaniard}, {"cifs", saysCIF | saysSpaniard},
		{"tarjeta", saysCard}, {"tarjetas", saysCard}, {"card", saysCard}, {"cards", saysCard}, {"visa", saysCard},
		{"mastercard", saysCard}, {"amex", saysCard}, {"pan", saysCard}, {"carnet", saysCard},
		{"correo", saysEmail}, {"correos", saysEmail}, {"email", saysEmail}, {"emails", saysEmail}, {"mail", saysEmail},
		{"nombre", saysName}, {"nombres", saysName}, {"apellidos", saysName}, {"apellido", saysName},
		{"domicilio", saysAddress}, {"direccion", saysAddress},
		{"nacimiento", saysBirthDate}, {"nac", saysBirthDate}, {"fnac", saysBirthDate}, {"nacido", saysBirthDate},
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
	} {
		t[len(m.word)] = append(t[len(m.word)], m)
	}
	return t
}()

// firstLetters has bit c of element n set when some word of n letters begins with letter c.
var firstLetters = func() (t [17]uint32) {
	for n, list := range meanings {
		for _, m := range list {
			t[n] |= 1 << (m.word[0] - 'a')
		}
	}
	return t
}()
