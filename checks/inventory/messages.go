package inventory

import "vigia/checks/message"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// messages says the reasons of inventory.snapshot.
func messages() message.Catalogue {
	register := say(
		"apruebe los programas en «software» de la política y anote el equipo y sus discos en el inventario",
		"approve the programs under \"software\" in the policy and enter the machine and its disks in the inventory")
	rights := say(
		"ejecute el agente como servicio del sistema; si persiste, complete a mano lo que falta",
		"run the agent as a system service; if it persists, complete by hand what is missing")
	decide := say(
		"decida: retirarlo, o aprobarlo en la lista de la política",
		"decide: remove it, or approve it in the list of the policy")
	fix := say(
		"compruebe el equipo con su ficha y corrija la que esté equivocada",
		"check the machine against its entry and correct whichever is wrong")
	return message.Catalogue{
		"inventory.equal":             {Say: say("coincide con lo aprobado: {programs} programas, {disks} discos (huella {digest})", "equal to what is approved: {programs} programs, {disks} disks (digest {digest})")},
		"inventory.differs":           {Say: say("difiere de lo aprobado: {unlisted} de {programs} programas fuera de la lista; {disks} discos (huella {digest})", "differs from what is approved: {unlisted} of {programs} programs off the list; {disks} disks (digest {digest})"), Do: decide},
		"inventory.no_register":       {Say: say("medido ({programs} programas, {disks} discos, {volumes} volúmenes, huella {digest}); falta el inventario aprobado con qué comparar", "measured ({programs} programs, {disks} disks, {volumes} volumes, digest {digest}); there is no approved inventory to compare with"), Do: register},
		"inventory.no_software_list":  {Say: say("medido ({programs} programas, huella {digest}); el equipo coincide con su ficha y falta la lista de programas aprobados", "measured ({programs} programs, digest {digest}); the machine equals its entry and there is no list of approved programs"), Do: register},
		"inventory.no_hardware_entry": {Say: say("los {programs} programas están aprobados (huella {digest}); falta la ficha del equipo y sus {disks} discos con qué comparar", "all {programs} programs are approved (digest {digest}); there is no entry of the machine and its {disks} disks to compare with"), Do: register},
		"inventory.hardware_unread":   {Say: say("los {programs} programas están aprobados y no se pudo leer parte del equipo (huella {digest})", "all {programs} programs are approved and a part of the machine could not be read (digest {digest})"), Do: rights},
		"inventory.unread":            {Say: say("no se pudo leer todo ({sources}); leídos {programs} programas y {disks} discos (huella {digest})", "not everything could be read ({sources}); {programs} programs and {disks} disks were (digest {digest})"), Do: rights},
		"inventory.unlisted":          {Say: say("versión {version}, de {publisher}: no está en la lista aprobada ({where})", "version {version}, by {publisher}: not on the approved list ({where})"), Do: decide},
		"where.machine":               {Say: say("instalado en el equipo", "installed on the machine")},
		"where.machine32":             {Say: say("instalado en el equipo, 32 bits", "installed on the machine, 32 bits")},
		"where.user":                  {Say: say("instalado por un usuario", "installed by a user")},
		"where.store":                 {Say: say("de la tienda de Windows", "from the store of Windows")},
		"where.dpkg":                  {Say: say("paquete del sistema", "package of the system")},
		"where.rpm":                   {Say: say("paquete del sistema", "package of the system")},
		"where.apk":                   {Say: say("paquete del sistema", "package of the system")},
		"where.pacman":                {Say: say("paquete del sistema", "package of the system")},
		"where.flatpak_user":          {Say: say("aplicación flatpak de un usuario", "flatpak application of a user")},
		"where.snap":                  {Say: say("paquete snap", "snap package")},
		"where.flatpak":               {Say: say("aplicación flatpak", "flatpak application")},
		// Parts of the reading that are no file or key, as the argument {sources}.
		"sources.identity":        {Say: say("nombre y versión del sistema", "name and version of the system")},
		"sources.hardware":        {Say: say("componentes del equipo", "parts of the machine")},
		"sources.disks":           {Say: say("discos", "disks")},
		"sources.volumes":         {Say: say("volúmenes", "volumes")},
		"sources.interfaces":      {Say: say("interfaces de red", "network interfaces")},
		"sources.packages":        {Say: say("lista de paquetes", "list of packages")},
		"sources.search":          {Say: say("la búsqueda llegó a su límite", "the search reached its limit")},
		"inventory.other_machine": {Say: say("el número de serie es {serial} y la ficha dice {entry}", "the serial number is {serial} and the entry says {entry}"), Do: fix},
		"inventory.serial_unread": {Say: say("no se pudo leer el número de serie", "the serial number could not be read"), Do: rights},
		"inventory.disk_extra":    {Say: say("disco {model} que no está en la ficha", "disk {model} that is not in the entry"), Do: fix},
		"inventory.disk_missing":  {Say: say("falta un disco de la ficha", "a disk of the entry is missing"), Do: fix},
		"inventory.disk_unread":   {Say: say("no se pudo leer el número de serie del disco", "the disk's serial number could not be read"), Do: rights},
	}
}
