package personaldata

import "vigia/checks/message"

// wordMessages says the codes that a summary of the scan holds: types of identifiers,
// special categories, and why a file was not read whole, with what to do about it.
// They are arguments of other reasons, and tables show them by themselves.
func wordMessages() message.Catalogue {
	out := message.Catalogue{}
	for _, w := range [][3]string{
		{"types.mx.curp", "CURP", "CURP"},
		{"types.mx.rfc", "RFC", "RFC"},
		{"types.mx.nss", "NSS (IMSS)", "NSS (IMSS)"},
		{"types.mx.clabe", "CLABE", "CLABE"},
		{"types.mx.ine", "credencial INE", "INE voter's card"},
		{"types.mx.passport", "pasaporte mexicano", "Mexican passport"},
		{"types.mx.phone", "teléfono de México", "Mexican telephone"},
		{"types.mx.issemym", "clave ISSEMYM", "ISSEMYM key"},
		{"types.mx.plate", "matrícula de México", "Mexican number plate"},
		{"types.es.dni", "DNI", "DNI"},
		{"types.es.nie", "NIE", "NIE"},
		{"types.es.cif", "CIF (empresa)", "CIF (company)"},
		{"types.es.ss", "Seguridad Social (NUSS)", "social security (NUSS)"},
		{"types.es.iban", "IBAN", "IBAN"},
		{"types.es.ccc", "cuenta bancaria (CCC)", "bank account (CCC)"},
		{"types.es.passport", "pasaporte español", "Spanish passport"},
		{"types.es.phone", "teléfono de España", "Spanish telephone"},
		{"types.es.plate", "matrícula de España", "Spanish number plate"},
		{"types.mrz", "banda de lectura de un documento", "machine readable zone"},
		{"types.card", "tarjeta de pago", "payment card"},
		{"types.email", "correo electrónico", "e-mail"},
		{"types.name", "nombre", "name"},
		{"types.address", "domicilio", "address"},
		{"types.birthdate", "fecha de nacimiento", "date of birth"},
		{"types.credential", "contraseña escrita", "written password"},

		{"categories.health", "salud", "health"},
		{"categories.religion", "religión", "religion"},
		{"categories.union", "afiliación sindical", "union membership"},
		{"categories.ethnicity", "origen étnico", "ethnic origin"},
		{"categories.orientation", "vida u orientación sexual", "sexual life or orientation"},
		{"categories.politics", "ideología", "political opinions"},
		{"categories.biometrics", "biometría", "biometrics"},
		{"categories.criminal", "condenas o delitos", "criminal record"},
	} {
		out[w[0]] = message.Entry{Say: message.Text{ES: w[1], EN: w[2]}}
	}
	for _, w := range [][5]string{
		{
			"content.image", "imágenes o escaneos sin texto", "pictures or scans without text",
			"mírelos a mano: pueden ser identificaciones o escrituras", "look at them by hand: they may be identity cards or deeds",
		},
		{
			"content.encrypted", "cifrados o con contraseña", "encrypted or with a password",
			"pregunte a quien los guarda qué contienen", "ask their keeper what they hold",
		},
		{
			"content.damaged", "dañados o mal formados", "damaged or badly formed",
			"ábralos con su programa; si no se abren, bórrelos o recupérelos de una copia", "open them with their program; if they do not open, remove them or restore them from a copy",
		},
		{
			"content.undecoded", "con partes en una codificación desconocida", "with parts in an unknown encoding",
			"ábralos a mano", "open them by hand",
		},
		{
			"content.binary", "texto mezclado con datos binarios", "text mixed with binary data",
			"ábralos con su programa si parecen documentos", "open them with their program if they look like documents",
		},
		{
			"format.unsupported", "formato sin lector (por ejemplo, buzones PST)", "format without a reader (PST mailboxes, for example)",
			"lleve los buzones al servidor o revíselos a mano", "take mailboxes to the server or look at them by hand",
		},
		{
			"format.unknown", "formato desconocido: solo se miró su texto", "unknown format: only its plain text was looked at",
			"ábralos a mano si parecen documentos", "open them by hand if they look like documents",
		},
		{"format.no_document", "programas, tipos de letra, sonido o vídeo: sin texto por naturaleza", "programs, fonts, sound or film: without text by nature", "", ""},
		{
			"io.error", "el disco no los pudo leer", "the disk could not read them",
			"revise el disco y repita la búsqueda", "check the disk and search again",
		},
		{
			"access.denied", "sin permiso para leerlos", "no permission to read them",
			"repita la búsqueda como administrador", "search again as administrator",
		},
		{
			"file.locked", "abiertos por otro programa", "open in another program",
			"cierre los programas y repita la búsqueda", "close the programs and search again",
		},
		{
			"file.changed", "cambiaron mientras se leían", "changed while they were read",
			"repita la búsqueda", "search again",
		},
		{
			"worker.crashed", "el lector se detuvo con ellos: hostiles o demasiado complejos", "the reader stopped at them: hostile or too complex",
			"no los abra; consulte a soporte", "do not open them; ask support",
		},
		{"file.link", "enlaces: su destino se mira donde está", "links: their target is looked at where it is", "", ""},
		{"file.special", "no son ficheros (colas, dispositivos)", "not files (pipes, devices)", "", ""},
		{
			"file.cloud_placeholder", "solo están en la nube", "only in the cloud",
			"busque en el servicio de la nube o descárguelos antes", "search in the cloud service or download them first",
		},
		{
			"mount.other", "en otro sistema de ficheros", "on another file system",
			"busque en esa carpeta indicándola", "search that folder by naming it",
		},
		{"mount.virtual", "carpetas del sistema que no son de disco (/proc, /sys)", "folders of the system that are not on a disk (/proc, /sys)", "", ""},
		{"file.gone", "se borraron durante la búsqueda", "were deleted during the search", "", ""},
		{"file.hard_link", "otro nombre de un fichero ya mirado", "another name of a file already looked at", "", ""},
		{
			"limit.file_bytes", "demasiado grandes: se leyó el principio", "too large: the beginning was read",
			"ábralos a mano", "open them by hand",
		},
		{
			"limit.inflated", "demasiado grandes al descomprimirlos", "too large when inflated",
			"descomprímalos y busque en la carpeta", "unpack them and search the folder",
		},
		{
			"limit.ratio", "se descomprimen de forma anormal (posible bomba)", "inflate abnormally (perhaps a bomb)",
			"no los abra; averigüe de dónde vienen", "do not open them; find out where they come from",
		},
		{
			"limit.nesting", "demasiados ficheros unos dentro de otros", "too many files within files",
			"descomprímalos y busque en la carpeta", "unpack them and search the folder",
		},
		{
			"limit.entries", "demasiados ficheros dentro de uno", "too many files within one",
			"descomprímalos y busque en la carpeta", "unpack them and search the folder",
		},
		{
			"limit.memory", "necesitan demasiada memoria", "need too much memory",
			"ábralos a mano", "open them by hand",
		},
		{
			"limit.file_time", "tardan demasiado en leerse", "take too long to read",
			"ábralos a mano", "open them by hand",
		},
		{
			"limit.depth", "carpetas demasiado profundas", "folders too deep",
			"busque en esas carpetas indicándolas", "search those folders by naming them",
		},
		{
			"limit.files", "se llegó al límite de ficheros", "the limit of files was reached",
			"busque por carpetas más pequeñas", "search smaller folders",
		},
		{
			"limit.bytes", "se llegó al límite de volumen", "the limit of volume was reached",
			"busque por carpetas más pequeñas", "search smaller folders",
		},
		{
			"limit.time", "se llegó al límite de tiempo", "the limit of time was reached",
			"repita la búsqueda: lo que no ha cambiado no se lee otra vez", "search again: what has not changed is not read again",
		},
		{
			"canceled", "interrumpida", "interrupted",
			"repita la búsqueda: lo que no ha cambiado no se lee otra vez", "search again: what has not changed is not read again",
		},
		{
			"power.battery", "el equipo trabajaba con batería", "the machine ran on its battery",
			"enchufe el equipo", "plug the machine in",
		},
	} {
		out["reasons."+w[0]] = message.Entry{Say: message.Text{ES: w[1], EN: w[2]}, Do: message.Text{ES: w[3], EN: w[4]}}
	}
	return out
}
