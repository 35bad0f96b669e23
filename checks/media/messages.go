package media

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func portableMessages() message.Catalogue {
	register := say(
		"averigüe quién lo usó y para qué; si es del ayuntamiento, dé de alta su número de serie en el registro de soportes; si no, prohíba su uso y anote una incidencia",
		"find out who used it and for what; if it belongs to the town hall, enter its serial number into the register of media; if not, forbid it and note an incident")
	list := say(
		"haga la lista de los soportes autorizados (número de serie y fecha) y póngala en la política, en «authorised» de MED-USB",
		"make the list of authorised media (serial number and date) and put it into the policy, in \"authorised\" of MED-USB")
	look := say(
		"ejecute el agente como servicio del sistema, que puede leerlo y vigila los puertos",
		"run the agent as a system service, which may read this and watches the ports")
	c := message.Catalogue{
		"media.none":                {Say: say("no se ha conectado ningún soporte extraíble desde el {from}", "no removable medium has been plugged in since {from}")},
		"media.blocked":             {Say: say("los soportes extraíbles están prohibidos en el equipo ({by})", "removable media are forbidden on the machine ({by})")},
		"media.all_authorised":      {Say: say("los {media} soportes usados están autorizados", "all {media} media used are authorised")},
		"media.some_not_authorised": {Say: say("{bad} de {media} soportes usados no están autorizados", "{bad} of {media} media used are not authorised"), Do: register},
		"media.no_register":         {Say: say("se usaron {media} soportes y no hay lista de autorizados con la que compararlos", "{media} media were used and there is no list of authorised ones to compare with"), Do: list},
		"media.only_now":            {Say: say("solo se ve lo conectado en este momento; nadie vigila los puertos", "only what is plugged in now is seen; nobody watches the ports"), Do: look},
		"media.gaps":                {Say: say("hubo ratos sin vigilancia desde el {from}: puede faltar algún soporte", "there were times without watch since {from}: a medium may be missing"), Do: look},
		"media.unread":              {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
		"by.policy":                 {Say: say("por directiva", "by policy")},
		"by.driver":                 {Say: say("su controlador está desactivado", "their driver is disabled")},
	}
	for code, text := range map[string]message.Entry{
		"media.authorised":     {Say: say("{medium} (serie {serial}), usado el {day}: autorizado", "{medium} (serial {serial}), used on {day}: authorised")},
		"media.not_authorised": {Say: say("{medium} (serie {serial}), usado el {day}: no está autorizado", "{medium} (serial {serial}), used on {day}: not authorised"), Do: register},
		"media.nobody_knows":   {Say: say("{medium} (serie {serial}), usado el {day}", "{medium} (serial {serial}), used on {day}"), Do: list},
	} {
		c[code] = text
		grown := text
		grown.Say.ES += "; ocupa {grown} MB más que al conectarlo"
		grown.Say.EN += "; it holds {grown} MB more than when it was plugged in"
		c[code+".grown"] = grown
		text.Say.ES += "; se escribieron {written} MB"
		text.Say.EN += "; {written} MB were written"
		c[code+".written"] = text
	}
	return c
}

func portableCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: []string{"/sys/block, /sys/bus/usb (vigilado por el servicio: netlink uevent)", "/sys/block/*/stat", "/dev/disk/by-uuid", "/proc/1/mountinfo", "/etc/modprobe.d"},
			Missing: say(
				"lo que se conecta con el servicio parado (se avisa del hueco, salvo tras un corte de corriente); de los teléfonos se ve que se conectaron, no los bytes; no se mira qué ficheros se copian",
				"what is plugged in while the service is stopped (the gap is told, but after a power cut); of telephones it sees that they came, not the bytes; which files are copied is not looked at"),
			ByHand: say("journalctl -k | grep -i usb-storage, y comparar los números de serie con el registro", "journalctl -k | grep -i usb-storage, and compare the serial numbers with the register"),
		},
		host.Windows: {
			Sources: []string{keyUSBStorage, channelPartition + " 1006", keyPolicy, keyDriver, "GetVolumeInformation, GetDiskFreeSpaceEx (con el servicio en marcha)"},
			Missing: say(
				"los bytes escritos, que Windows no cuenta por soporte: solo cuánto más ocupa que al conectarlo, que es menos si a la vez se borró, y se mira cada 10 segundos (el número de serie del volumen, también); lo que no tiene letra de unidad; los teléfonos (MTP); nunca se ha probado en un Windows real",
				"the bytes written, which Windows does not count by medium: only how much more it holds than when it was plugged in, which is less if something was deleted meanwhile, and it is looked at every 10 seconds (so is the serial number of the volume); what has no drive letter; telephones (MTP); never tried on a real Windows"),
			ByHand: say(
				"Visor de eventos, Registros de aplicaciones y servicios, Microsoft, Windows, Partition, Diagnostic, evento 1006",
				"Event Viewer, Applications and Services Logs, Microsoft, Windows, Partition, Diagnostic, event 1006"),
		},
	}
}
