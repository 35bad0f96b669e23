package collector

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"vigia/collector/access"
	"vigia/collector/access/ldap"
	"vigia/collector/access/oidc"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/assign"
	"vigia/collector/decisions"
	"vigia/collector/enroll"
	"vigia/collector/handover"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
	"vigia/collector/storage/backup"
	"vigia/packaging/settings"
)

// advice is what an operator is told of an error beside its own words. The guide has the
// same, with why.
type advice struct {
	is  error
	say string // what happened
	why string // how that comes about, for the guide
	do  string
}

// hints are the errors about which there is something to say that they do not.
func hints() []advice {
	return []advice{
		{storage.ErrFull, "no queda sitio para la base de datos", "el disco de la carpeta de datos, o el de PostgreSQL, está lleno",
			"libere espacio en el disco de la carpeta de datos y repita; lo ya confirmado está a salvo"},
		{storage.ErrBroken, "la base de datos se detuvo por un fallo del disco", "el disco no confirmó una escritura; seguir podría perder datos",
			"revise el disco y arranque de nuevo; lo ya confirmado está a salvo"},
		{storage.ErrBusy, "otro proceso está escribiendo en la base de datos", "hay dos programas vigia a la vez, o una copia en marcha",
			"repita dentro de un momento"},
		{storage.ErrUncertain, "se perdió la conexión con la base de datos al confirmar", "PostgreSQL se reinició o la red se cortó en ese instante",
			"compruebe que PostgreSQL responde y repita: repetir no duplica nada"},
		{storage.ErrLocked, "otro vigia está usando la carpeta de datos", "el servicio está en marcha, y esta orden la necesita para ella sola",
			"detenga el servicio (systemctl stop vigia), repita y vuelva a arrancarlo"},
		{storage.ErrNotDurable, "la base de datos no está configurada para guardar lo que confirma", "PostgreSQL tiene fsync, full_page_writes o synchronous_commit apagados",
			"corrija la configuración de la base de datos: así se perderían datos confirmados al irse la luz"},
		{storage.ErrNewer, "estos datos son de una versión posterior de vigia", "se instaló una versión anterior sobre datos nuevos",
			"instale la versión de vigia que creó estos datos, o una posterior"},
		{storage.ErrNotEmpty, "la base de datos no está vacía", "se restaura sobre una base de datos que ya se usa",
			"use una base de datos nueva: nada se mezcla con lo que hay"},
		{ldap.ErrConfig, "la configuración del directorio (login.ldap) no sirve", "falta una clave, la dirección no es ldaps:// ni ldap://, o el archivo de la contraseña no se puede leer",
			"corrija en vigia.yaml la clave que nombra el mensaje; la guía «Entrar con el directorio o un proveedor» trae un ejemplo"},
		{oidc.ErrConfig, "la configuración del proveedor de identidad (login.oidc) no sirve", "falta una clave, la dirección no es https, o el archivo del secreto no se puede leer",
			"corrija en vigia.yaml la clave que nombra el mensaje; la guía «Entrar con el directorio o un proveedor» trae un ejemplo"},
		{errNoWay, "esa forma de entrar no está configurada", "vigia.yaml no tiene login.ldap o login.oidc",
			"configúrela en vigia.yaml y reinicie el servicio, o cree la cuenta con contraseña de Vigía (sin --via)"},
		{access.ErrNotHere, "la contraseña de esa cuenta no está aquí", "la cuenta entra con el directorio o con el proveedor de identidad",
			"cámbiela allí; para que entre con una de Vigía, «vigia user change NOMBRE --via local»"},
		{access.ErrElsewhere, "no se puede preguntar al directorio o al proveedor de identidad", "no responde, rechaza la cuenta del servicio, o su certificado no es de fiar",
			"compruebe que responde y que login.ldap o login.oidc es correcto; las cuentas con contraseña de Vigía siguen entrando"},
		{access.ErrExists, "esa cuenta ya existe", "el nombre ya se usó",
			"elija otro nombre, o cambie su contraseña con «vigia user password»"},
		{access.ErrInput, "no es aceptable", "el nombre, el rol o la contraseña no cumplen lo que se pide",
			"los roles están en «vigia user add --help», y un enlace (liaison) necesita --department; el nombre, letras sin acento, cifras y guiones; la contraseña, doce caracteres o más"},
		{access.ErrNoUser, "no hay una cuenta con ese nombre", "el nombre está mal escrito",
			"vea las cuentas con «vigia user list»"},
		{access.ErrLast, "es la última cuenta de administración", "se cierra o cambia la única que puede administrar",
			"cree antes otra con «vigia user add NOMBRE --role administrator»"},
		{access.ErrSecondPerson, "hace falta otra persona", "un desbloqueo lo hacen dos: nadie se desbloquea a sí mismo ni a solas",
			"indique en --with la cuenta de otra persona que firme: responsable de seguridad, responsable del tratamiento o administración"},
		{access.ErrSuspended, "ese acceso está suspendido", "hubo un intento fallido más después de un bloqueo de una hora",
			"pida el desbloqueo por escrito; lo conceden dos personas, en «Cuentas» o con «vigia user unlock»"},
		{access.ErrThrottled, "demasiados intentos fallidos", "tres contraseñas o códigos mal escritos bloquean una hora",
			"espere una hora y escríbala con cuidado: un fallo más la suspende"},
		{access.ErrDenied, "la contraseña o el código no son correctos", "están mal escritos, o el código ya se usó",
			"repita con cuidado; cada código sirve una sola vez"},
		{enroll.ErrNoRequest, "ningún equipo espera con ese código", "el código está mal copiado, o ya se decidió sobre él",
			"vea quién espera con «vigia agents requests»; el código de comprobación lo muestra el equipo"},
		{enroll.ErrDecided, "sobre ese equipo ya se decidió", "otra persona lo aprobó o rechazó antes",
			"vea qué se decidió con «vigia agents requests --all»"},
		{enroll.ErrNoMachine, "ningún equipo tiene ese ID", "se dio el nombre en vez del ID, o está mal copiado",
			"vea los ID con «vigia agents list»"},
		{enroll.ErrNotActive, "ese equipo ya se revocó o retiró", "alguien lo hizo antes",
			"vea su estado con «vigia agents list»; para que vuelva, inscríbalo de nuevo"},
		{apiv1.ErrToken, "el código de alta no es válido", "está cortado, o no es un código de alta",
			"cópielo entero, tal como lo mostró «vigia token create»"},
		{report.ErrPackage, "no es un paquete de revisión", "el archivo es otro, o se cortó al copiarlo",
			"compruebe que es el archivo que hizo «vigia review export»"},
		{backup.ErrPassphrase, "la frase de paso no abre esta copia", "la frase es otra, o la copia se cifró para una clave",
			"escriba la frase de paso con la que se hizo la copia"},
		{backup.ErrDamaged, "la copia está dañada, cortada, o no es una copia", "se copió a medias, o el disco que la guardaba falló",
			"use otra copia; esta no se restaura a medias"},
		{backup.ErrNewer, "la copia es de una versión posterior de vigia", "se restaura en un servidor con un programa más viejo",
			"instale esa versión, o una posterior, y repita"},
		{backup.ErrFolder, "la carpeta de datos no está vacía", "allí ya hay un colector",
			"indique una carpeta nueva con --data, o --force para apartar la que hay"},
		{assign.ErrNoPackKeys, "aquí no se confía en nadie que publique paquetes", "pack_keys de vigia.yaml está vacío",
			"ponga en vigia.yaml, en pack_keys, la clave pública de quien publica el paquete, comprobada por teléfono o en persona"},
		{assign.ErrPackUnsigned, "el paquete no está firmado", "falta el archivo .sig, o no es una firma",
			"pida a quien lo publica el archivo .sig que va con él, y déjelo en la misma carpeta"},
		{assign.ErrPackSigner, "firma el paquete alguien en quien aquí no se confía", "su clave no está en pack_keys, aunque el nombre suene",
			"si se fía de quien lo firmó, compruebe su clave por otra vía y añádala a pack_keys en vigia.yaml"},
		{assign.ErrPackSignature, "la firma no es de este paquete", "el archivo cambió después de firmarse, o la firma es de otra versión",
			"descargue de nuevo los dos archivos; si sigue igual, alguien lo cambió: no lo use y avise a quien lo publica"},
		{assign.ErrPackOlder, "rige una versión más nueva del paquete", "se importa uno viejo",
			"un paquete no vuelve atrás: publíquelo de nuevo con un número de versión mayor"},
		{assign.ErrPackOther, "la misma versión del paquete ya rige con otro contenido", "lo cambiaron sin subir la versión",
			"quien lo publica cambió el contenido sin cambiar la versión: pídale una versión mayor"},
		{assign.ErrCompose, "con estas reglas no sale ninguna política", "el archivo de política y los paquetes no concuerdan, o son de otra versión del programa",
			"corrija lo que dice el detalle; mientras, los equipos siguen con la política que tienen"},
		{reviews.ErrFuture, "ese trimestre no ha empezado", "el periodo está mal escrito",
			"elija un trimestre que haya empezado"},
		{reviews.ErrNoAct, "no hay una revisión abierta con ese nombre", "nadie la abrió, o el nombre está mal escrito",
			"vea las que hay con «vigia review list», o ábrala con «vigia review open»"},
		{reviews.ErrExists, "esa revisión ya se abrió", "cada trimestre se abre una vez, y cada acta se enmienda una vez",
			"siga con la que hay: «vigia review show»; si está firmada, «vigia review amend»"},
		{reviews.ErrClosed, "el acta ya está firmada", "un acta firmada no admite cambios ni se reabre",
			"lo que haya que corregir va en una enmienda: «vigia review amend»"},
		{reviews.ErrUndecided, "hay líneas críticas sin decidir", "un acta no se firma con algo crítico sin decidir",
			"decida las que nombra el mensaje y firme después"},
		{reviews.ErrSamePerson, "firman dos personas distintas", "la segunda firma es de la misma cuenta o del mismo nombre que la primera",
			"la segunda la da la persona responsable del tratamiento, con su propia cuenta"},
		{reviews.ErrNotSigned, "falta la primera firma", "primero firma la persona responsable de seguridad",
			"firme primero con su cuenta, en el portal o con «vigia review sign»"},
		{reviews.ErrChanged, "el acta cambió entretanto", "alguien decidió algo, o llegaron medidas tardías, mientras se leía",
			"léala de nuevo y firme lo que dice ahora"},
		{reviews.ErrDecision, "la decisión no está completa", "falta el motivo, quién lo hace o el día, o esa línea no admite esa decisión",
			"complete lo que dice el detalle: owner es quién lo hace; due, el día; words, el motivo; choice, la decisión"},
		{reviews.ErrAltered, "el acta guardada no es la que se congeló o firmó", "alguien cambió la base de datos por fuera",
			"no la use: restaure una copia y avise a quien audita; las hojas del registro dicen qué se firmó"},
		{reviews.ErrPeriod, "eso no es un trimestre", "el periodo está mal escrito",
			"escriba el año, Q y el número del trimestre, como 2026Q4"},
		{decisions.ErrNoGroup, "ninguna causa tiene esa clave ahora", "la clave está mal copiada, o lo que fallaba ya se arregló",
			"vea las claves con «vigia findings queue --all»"},
		{decisions.ErrDecided, "sobre esa causa ya se decidió", "otra persona lo hizo antes, o no queda nada sin decidir",
			"vea qué se decidió con «vigia findings queue --all»; para cambiarlo, añada --again"},
		{decisions.ErrChoice, "a la decisión le falta algo", "cada decisión pide lo suyo: un responsable y una fecha, o un motivo",
			"vea con «vigia findings decide --help» qué pide cada una; las fechas, de hoy en adelante"},
		{decisions.ErrNotYet, "esa decisión no se puede tomar aquí", "el libro en que se apuntaría no está en esta instalación",
			"tome otra decisión, o decida en una versión que lo tenga"},
		{handover.ErrPackage, "no es un paquete de entrega", "el archivo es otro, o se cortó al copiarlo",
			"compruebe que es el archivo que hizo «vigia handover» o la página de entrega-recepción"},
		{notify.ErrNoDelivery, "no hay una entrega así que volver a intentar", "el número está mal escrito, o esa entrega está en camino o ya llegó",
			"vea las que no se pudieron hacer con «vigia notify list --state given_up»"},
		{notify.ErrAddress, "eso no es una dirección de correo", "falta la arroba, o hay más de una dirección",
			"escriba una sola dirección, como ana@ayuntamiento.example"},
		{registers.ErrNoRow, "el libro no tiene esa fila", "el folio está mal escrito, o la fila se quitó",
			"vea las filas con «vigia registers show»"},
		{registers.ErrConflict, "alguien cambió el libro mientras tanto", "se escribió en el portal entre la vista previa y la confirmación",
			"repita la orden: mostrará lo que cambiaría ahora"},
		{fs.ErrNotExist, "no existe ese archivo o carpeta", "el nombre está mal escrito, o está en otra carpeta",
			"compruebe el nombre y la carpeta del archivo"},
		{fs.ErrPermission, "no hay permiso", "la orden se ejecuta con otra cuenta que la del colector",
			"ejecute la orden como administrador (con sudo) o con la cuenta del colector"},
	}
}

// configAdvice is for what is wrong in vigia.yaml or in a variable.
const configAdvice = "corríjalo y repita: una clave mal escrita no se ignora"

// hint says an operator's error in his language, and what to do about it, where
// there is something to say that the error does not.
func hint(err error) string {
	if wrong, ok := errors.AsType[*settings.Error](err); ok {
		return fmt.Sprintf("%s\n  → %s", strings.Replace(err.Error(), wrong.Error(), wrong.In("es"), 1), configAdvice)
	}
	for _, h := range hints() {
		if errors.Is(err, h.is) {
			return fmt.Sprintf("%s: %v\n  → %s", h.say, err, h.do)
		}
	}
	return err.Error()
}
