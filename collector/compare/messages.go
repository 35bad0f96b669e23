package compare

import "vigia/checks/message"

// Messages are the words of the reasons that only books tell; those of the others are in
// the catalogues of their checks.
func Messages() message.Catalogue {
	e := func(es, en, doES, doEN string) message.Entry {
		return message.Entry{Say: message.Text{ES: es, EN: en}, Do: message.Text{ES: doES, EN: doEN}}
	}
	c := message.Catalogue{
		"compare." + string(AccountUnowned): e("la cuenta {account} de {machine} no es de nadie", "the account {account} of {machine} is nobody's",
			"apúntela a su dueño en «Personas y cuentas», o deshabilítela en el equipo", "write it to its owner in “People and accounts”, or disable it on the machine"),
		"compare." + string(AccountTwoOwners): e("la cuenta {account} es de {persons} personas", "the account {account} is of {persons} persons",
			"dé a cada persona la suya y quite la común", "give each person their own and remove the common one"),
		"compare." + string(ExternalContract): e("{folio}: personal externo sin contrato anotado", "{folio}: external staff without a contract",
			"anote el número del contrato o convenio", "write down the number of the contract"),
		"compare." + string(JoinerUnsigned): e("{folio}: falta el recibí del manual o el compromiso de confidencialidad firmado", "{folio}: the receipt of the manual or the signed confidentiality commitment is missing",
			"pida las firmas y adjunte los escaneos en ese movimiento", "ask for the signatures and attach the scans to that movement"),
		"compare." + string(LeaverLate): e("{folio}: el plazo para anular las cuentas venció el {due} y nadie ha anotado que se hizo", "{folio}: the term to remove the accounts ended on {due} and nobody wrote that it was done",
			"deshabilite las cuentas en los equipos y aplicaciones y anote cuándo", "disable the accounts on machines and in applications and write down when"),
		"compare." + string(LeaverData): e("{folio}: nadie ha anotado qué se hizo con los datos que quedaban en el puesto", "{folio}: nobody wrote what was done with the data left on the post",
			"trasládelos o bórrelos antes de que otra persona use el puesto, y anótelo", "move or erase them before somebody else uses the post, and write it down"),
		"compare." + string(SubstituteLate): e("{folio}: la sustitución terminó y sus permisos debían anularse antes del {due}", "{folio}: the substitution ended and its rights were to be removed by {due}",
			"quite los permisos temporales y anote cuándo", "remove the temporary rights and write down when"),
		"compare." + string(ProfileLate): e("{folio}: el cambio de perfil debía atenderse antes del {due}", "{folio}: the change of profile was to be served by {due}",
			"haga el cambio y anote cuándo", "make the change and write down when"),
		"compare." + string(GrantOver): e("{folio}: autorización vigente de alguien que ya no está", "{folio}: a grant in force of somebody who left",
			"póngale fecha de término, o quítela", "give it an end, or strike it out"),
		"compare." + string(LevelBelow): e("«{system}» figura con nivel {level} y por sus datos le toca {asked} ({data})", "“{system}” is written down at level {level} and its data ask for {asked} ({data})",
			"deje vacío el nivel para que valga el calculado, o diga quién aprueba uno más bajo y por qué", "leave the level empty so that the one worked out holds, or say who approves a lower one and why"),
		"compare." + string(DataUndeclared): e("donde está «{system}» se han medido datos que su inventario no declara: {data}", "where “{system}” stands, data were measured that its inventory does not name: {data}",
			"márquelos en su ficha, o sáquelos de ahí", "tick them in its row, or take them away from there"),
		"compare." + string(MachineUnlisted): e("{machine} reporta y no está en el inventario de equipos", "{machine} reports and is not in the inventory of equipment",
			"añádalo al inventario: «Propuestas» ya lo trae relleno", "add it to the inventory: “Proposals” has it filled in"),
		"compare." + string(AssetUnseen): e("{machine} está en el inventario y nunca ha reportado", "{machine} is in the inventory and never reported",
			"instale Vigía en él, o corrija su situación en el inventario", "install Vigía on it, or correct its status in the inventory"),
		"compare." + string(AssetBack): e("{machine} se dio de baja el {day} y sigue en uso", "{machine} was disposed of on {day} and is still in use",
			"averigüe quién lo tiene: o vuelve al inventario, o se retira y se borran sus discos", "find out who has it: it goes back into the inventory, or away with its disks wiped"),
		"compare." + string(ExitUnpermitted): e("{folio}: salida sin autorización que la cubra", "{folio}: an exit without an authorisation that covers it",
			"si estaba autorizada, corrija el asiento con su folio; si no, anótela como incidencia", "if it was authorised, correct the entry with its folio; if not, write an incident"),
		"compare." + string(EntryUnpermitted): e("{folio}: entrada sin autorización que la cubra", "{folio}: an entry without an authorisation that covers it",
			"si estaba autorizada, corrija el asiento con su folio; si no, anótela como incidencia", "if it was authorised, correct the entry with its folio; if not, write an incident"),
		"compare." + string(PermitTwice): e("{folio}: usa otra vez una autorización extraordinaria, que vale para una sola", "{folio}: uses an extraordinary authorisation again, which holds for one only",
			"pida otra autorización, o conviértala en ordinaria", "ask for another authorisation, or make it an ordinary one"),
		"compare." + string(ExitPlain): e("{folio}: salieron datos sensibles sin un cifrado que valga", "{folio}: sensitive data went out without encryption that holds",
			"anótelo como incidencia; la próxima vez, un contenedor con AES-256 y la clave por otra vía", "write an incident; next time, a container with AES-256 and the key by another way"),
		"compare." + string(MediumLost): e("el soporte {medium} figura como perdido (cifrado: {encrypted})", "the medium {medium} is written down as lost (encrypted: {encrypted})",
			"anótelo como incidencia y valore si hay que notificarlo", "write an incident and weigh whether it must be notified"),
	}
	return c
}

// Title is the heading of a group of differences of a kind.
func (k Kind) Title() message.Text {
	switch k {
	case AccountUnowned:
		return message.Text{ES: "Cuentas sin dueño en «Personas y cuentas»", EN: "Accounts without an owner in “People and accounts”"}
	case AccountTwoOwners:
		return message.Text{ES: "Cuentas que comparten dos personas", EN: "Accounts that two persons share"}
	case ExternalContract:
		return message.Text{ES: "Personal externo sin contrato anotado", EN: "External staff without a contract"}
	case JoinerUnsigned:
		return message.Text{ES: "Altas sin el manual o la confidencialidad firmados", EN: "Joiners without a signed manual or commitment"}
	case LeaverLate:
		return message.Text{ES: "Bajas cuyas cuentas no se anularon en 24 horas", EN: "Leavers whose accounts were not removed in 24 hours"}
	case LeaverData:
		return message.Text{ES: "Bajas sin anotar qué se hizo con los datos del puesto", EN: "Leavers of whom nobody wrote what became of the data"}
	case SubstituteLate:
		return message.Text{ES: "Sustituciones terminadas cuyos permisos siguen", EN: "Substitutions that ended and whose rights go on"}
	case ProfileLate:
		return message.Text{ES: "Cambios de perfil sin atender en tres días hábiles", EN: "Changes of profile not served in three working days"}
	case GrantOver:
		return message.Text{ES: "Autorizaciones de personas que ya no están", EN: "Grants of persons who left"}
	case LevelBelow:
		return message.Text{ES: "Sistemas con un nivel más bajo del que les toca", EN: "Systems at a lower level than their data ask for"}
	case DataUndeclared:
		return message.Text{ES: "Sistemas con datos que su inventario no declara", EN: "Systems with data that their inventory does not name"}
	case MachineUnlisted:
		return message.Text{ES: "Equipos que reportan y no están en el inventario", EN: "Machines that report and are not in the inventory"}
	case AssetUnseen:
		return message.Text{ES: "Equipos del inventario que nunca han reportado", EN: "Machines of the inventory that never reported"}
	case AssetBack:
		return message.Text{ES: "Equipos dados de baja que siguen en uso", EN: "Machines that were disposed of and are in use"}
	case ExitUnpermitted:
		return message.Text{ES: "Salidas de datos sin autorización", EN: "Exits of data without authorisation"}
	case EntryUnpermitted:
		return message.Text{ES: "Entradas de datos sin autorización", EN: "Entries of data without authorisation"}
	case PermitTwice:
		return message.Text{ES: "Autorizaciones extraordinarias usadas más de una vez", EN: "Extraordinary authorisations used more than once"}
	case ExitPlain:
		return message.Text{ES: "Datos sensibles que salieron sin cifrar", EN: "Sensitive data that went out without encryption"}
	case MediumLost:
		return message.Text{ES: "Soportes perdidos", EN: "Lost media"}
	case AccountUnauthorised:
		return message.Text{ES: "Usuarios no autorizados", EN: "Users not authorised"}
	case LeaverEnabled:
		return message.Text{ES: "Bajas que aún pueden entrar", EN: "Leavers who can still log on"}
	case SoftwareUnapproved:
		return message.Text{ES: "Programas no autorizados", EN: "Programs not authorised"}
	case DataUnpermitted:
		return message.Text{ES: "Datos personales sin permiso", EN: "Personal data without a permit"}
	case MediumUnknown:
		return message.Text{ES: "Soportes que no están en el inventario", EN: "Media that are not in the inventory"}
	}
	return message.Text{ES: string(k), EN: string(k)}
}
