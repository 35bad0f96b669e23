package protection

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func firewallCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				keyFirewallPolicy + `\{DomainProfile,PrivateProfile,StandardProfile,PublicProfile}`, keyFirewallMDM,
				keyFirewall + `\{DomainProfile,StandardProfile,PublicProfile}` + " (EnableFirewall, DefaultInboundAction, DoNotAllowExceptions, DisabledInterfaces)",
				keyFirewall + `\FirewallRules`, keyFirewallPolicy + `\FirewallRules`,
				"EnumServicesStatusEx (" + serviceFirewall + ")", sourceCenter, "GetExtendedTcpTable, GetExtendedUdpTable",
			},
			Missing: say(
				"qué perfil de red está en uso ahora (se exigen los tres), las reglas que bloquean y las de IPsec; de un cortafuegos de otro fabricante solo se sabe si está activo",
				"which network profile is in use now (all three are demanded), rules that block and those of IPsec; of another maker's firewall only whether it is on"),
			ByHand: say(
				"Win+R, wf.msc: «Propiedades del Firewall de Windows Defender», pestañas Dominio, Privado y Público (Estado: activo; Conexiones entrantes: bloquear), y «Reglas de entrada» ordenadas por «Habilitado»",
				"Win+R, wf.msc: \"Windows Defender Firewall Properties\", tabs Domain, Private and Public (State: on; Inbound connections: block), and \"Inbound Rules\" sorted by \"Enabled\""),
		},
		host.Linux: {
			Sources: []string{"netlink: nf_tables (NFT_MSG_GETTABLE, GETCHAIN, GETRULE, GETSETELEM)", "/proc/net/ip_tables_names, ip6_tables_names",
				"/proc/net/{tcp,tcp6,udp,udp6}", "/proc/sys/net/ipv6", "/etc/ufw/ufw.conf, /etc/default/ufw, /etc/firewalld, /etc/nftables.conf, /etc/iptables"},
			Missing: say(
				"las tablas del iptables antiguo (iptables-legacy) no se leen: si existen y nftables no cierra, el resultado es desconocido; no se miran los filtros de ingress ni de prerouting ni lo aceptado desde túneles o puentes de máquinas virtuales; de un equipo montado se lee solo lo configurado en ufw, firewalld, nftables o iptables-persistent",
				"tables of the older iptables (iptables-legacy) are not read: where there are some and nftables does not close, the result is unknown; filters at ingress or prerouting are not looked at, nor what is accepted from tunnels or bridges of virtual machines; of a mounted machine only what is configured in ufw, firewalld, nftables or iptables-persistent is read"),
			ByHand: say(
				"como root: «nft list ruleset» (la cadena con «hook input» debe tener «policy drop» o acabar en drop o reject) y «ss -tulpn» para ver qué escucha",
				"as root: \"nft list ruleset\" (the chain with \"hook input\" must have \"policy drop\" or end in drop or reject) and \"ss -tulpn\" for what listens"),
		},
	}
}

// firewallMessages says the reasons of protection.firewall.
func firewallMessages() message.Catalogue {
	turnOn := say(
		"Seguridad de Windows > Firewall y protección de red: actívelo en las tres redes; si lo impide una directiva, corríjala en el dominio (Firewall de Windows Defender con seguridad avanzada)",
		"Windows Security > Firewall & network protection: switch it on for all three networks; if a policy prevents it, correct it in the domain (Windows Defender Firewall with Advanced Security)")
	closeIt := say(
		"active un cortafuegos que rechace lo que no se pide: en Debian o Ubuntu «apt install ufw», «ufw allow» para lo necesario (p. ej. OpenSSH) y «ufw enable»; en Rocky, firewalld con la zona public",
		"turn on a firewall that refuses what was not asked for: on Debian or Ubuntu \"apt install ufw\", \"ufw allow\" for what is needed (such as OpenSSH) and \"ufw enable\"; on Rocky, firewalld with the zone public")
	closePort := say(
		"si nadie debe usarlo desde fuera, pare el servicio o limite la regla a las direcciones que lo necesitan; si es necesario, añádalo a los puertos permitidos de la política",
		"if nobody should use it from elsewhere, stop the service or limit the rule to the addresses that need it; if it is needed, add it to the policy's allowed ports")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
	each := say("corrija cada punto indicado", "correct each point that is named")
	return message.Catalogue{
		"firewall.closed":       {Say: say("el cortafuegos está activo y cierra lo que nadie pidió", "the firewall is on and closes what nobody asked for")},
		"firewall.several":      {Say: say("{bad} fallos del cortafuegos", "{bad} faults of the firewall"), Do: each},
		"firewall.several_warn": {Say: say("{bad} avisos del cortafuegos", "{bad} warnings about the firewall"), Do: each},
		"firewall.several_unknown": {Say: say("{bad} puntos del cortafuegos no se pudieron medir", "{bad} points of the firewall could not be measured"),
			Do: look},
		"firewall.unread": {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},

		"firewall.profile_on":  {Say: say("activo en la red {network} (decide: {from})", "on for the {network} network (decided by: {from})")},
		"firewall.profile_off": {Say: say("apagado en la red {network} (decide: {from})", "off for the {network} network (decided by: {from})"), Do: turnOn},
		"firewall.profile_open": {Say: say("en la red {network} deja entrar todo lo que ninguna regla nombra (decide: {from})", "on the {network} network it lets in all that no rule names (decided by: {from})"),
			Do: say("wf.msc > Propiedades: ponga «Conexiones entrantes» en «Bloquear (predeterminado)» en ese perfil o en la directiva que lo fija", "wf.msc > Properties: set \"Inbound connections\" to \"Block (default)\" in that profile or in the policy that sets it")},
		"firewall.profile_excludes": {Say: say("en la red {network} no vigila estas conexiones: {connections}", "on the {network} network it leaves these connections alone: {connections}"),
			Do: say("wf.msc > Propiedades > pestaña del perfil > «Conexiones de red protegidas: Personalizar»: marque todas", "wf.msc > Properties > the profile's tab > \"Protected network connections: Customize\": tick them all")},
		"firewall.profile_unset": {Say: say("nada dice si está activo en la red {network}", "nothing says whether it is on for the {network} network"), Do: turnOn},
		"firewall.stopped": {Say: say("el servicio del cortafuegos (MpsSvc) está parado", "the firewall's service (MpsSvc) is stopped"),
			Do: say("services.msc: inicie «Firewall de Windows Defender» y póngalo en automático; si no arranca, revise el equipo en busca de programas dañinos", "services.msc: start \"Windows Defender Firewall\" and set it to automatic; if it does not start, look for malware")},
		"firewall.disabled": {Say: say("el servicio del cortafuegos (MpsSvc) está deshabilitado", "the firewall's service (MpsSvc) is disabled"),
			Do: say("en el registro, HKLM\\SYSTEM\\CurrentControlSet\\Services\\MpsSvc: ponga Start a 2 y reinicie; busque quién lo deshabilitó", "in the registry, HKLM\\SYSTEM\\CurrentControlSet\\Services\\MpsSvc: set Start to 2 and restart; find out who disabled it")},
		"firewall.missing": {Say: say("falta el servicio del cortafuegos (MpsSvc)", "the firewall's service (MpsSvc) is missing"),
			Do: say("repare Windows (sfc /scannow y DISM /Online /Cleanup-Image /RestoreHealth)", "repair Windows (sfc /scannow and DISM /Online /Cleanup-Image /RestoreHealth)")},
		"firewall.other": {Say: say("se ocupa otro cortafuegos: {product}; Windows solo sabe que está activo", "another firewall is in charge: {product}; Windows knows only that it is on"),
			Do: say("compruebe en su consola que cierra las conexiones entrantes y anótelo en la revisión", "see in its console that it closes inbound connections and note it in the review")},
		"firewall.rule_wide": {Say: say("la regla «{rule}» deja entrar todo, de cualquiera y a cualquier programa (decide: {from})", "the rule \"{rule}\" lets in everything, from anybody and to any program (decided by: {from})"),
			Do: say("wf.msc > Reglas de entrada: deshabilítela o limítela al programa, puerto y direcciones que la necesitan", "wf.msc > Inbound Rules: disable it or limit it to the program, port and addresses that need it")},

		"firewall.rule_near": {Say: say("la regla «{rule}» deja entrar todo lo que viene de la red local (decide: {from})", "the rule \"{rule}\" lets in everything from the local network (decided by: {from})"),
			Do: say("wf.msc > Reglas de entrada: limítela a los programas, puertos y equipos que la necesitan: un virus en otro PC entraría por ella", "wf.msc > Inbound Rules: limit it to the programs, ports and machines that need it: a virus on another PC would come in by it")},
		"firewall.neighbours": {Say: say("se acepta todo lo que viene de la propia red de {interface} ({family})", "everything that comes from the own network of {interface} is accepted ({family})"),
			Do: say("limite la regla a los puertos y equipos necesarios: un virus en otro PC entraría por ella", "limit the rule to the ports and machines that are needed: a virus on another PC would come in by it")},
		"firewall.drops":       {Say: say("lo que nadie pidió se rechaza ({family})", "what nobody asked for is refused ({family})")},
		"firewall.none":        {Say: say("ninguna regla filtra lo que entra", "no rule filters what comes in"), Do: closeIt},
		"firewall.not_dropped": {Say: say("lo que ninguna regla nombra entra ({family})", "what no rule names gets in ({family})"), Do: closeIt},
		"firewall.accepts_all": {Say: say("una regla de «{chain}» acepta todo antes del final ({family})", "a rule of \"{chain}\" accepts everything before the end ({family})"),
			Do: say("quite esa regla o póngale el puerto o la dirección que debía tener", "remove that rule or give it the port or address that it should have had")},
		"firewall.interface_open": {Say: say("se acepta todo lo que llega por {interface} ({family})", "everything that comes in by {interface} is accepted ({family})"),
			Do: say("limite la regla de esa interfaz a los puertos necesarios", "limit the rule for that interface to the ports that are needed")},
		"firewall.legacy": {Say: say("hay reglas del iptables antiguo, que no se saben leer, y nftables no cierra el equipo", "there are rules of the older iptables, which cannot be read, and nftables does not close the machine"),
			Do: say("revise «iptables-legacy -S» a mano o pase sus reglas a nftables (update-alternatives --set iptables /usr/sbin/iptables-nft)", "look at \"iptables-legacy -S\" by hand or move its rules to nftables (update-alternatives --set iptables /usr/sbin/iptables-nft)")},
		"firewall.configured":         {Say: say("{tool} arranca con el equipo y rechaza lo que nadie pidió", "{tool} starts with the machine and refuses what nobody asked for")},
		"firewall.configured_open":    {Say: say("{tool} arranca con el equipo, pero deja entrar lo que ninguna regla nombra ({family})", "{tool} starts with the machine, but lets in what no rule names ({family})"), Do: closeIt},
		"firewall.configured_unclear": {Say: say("{tool} arranca con el equipo y su configuración no se entiende", "{tool} starts with the machine and its configuration is not understood"), Do: say("compruebe las reglas a mano con el equipo en marcha", "check the rules by hand on the running machine")},
		"firewall.nothing_configured": {Say: say("no hay núcleo al que preguntar ni cortafuegos conocido que arranque", "there is no kernel to ask and no known firewall that starts"), Do: say("mida el equipo en marcha con el agente instalado", "measure the running machine with the agent installed")},

		"firewall.exposed":        {Say: say("el puerto {port} ({program}) está abierto a cualquier red", "the port {port} ({program}) is open to every network"), Do: closePort},
		"firewall.not_allowed":    {Say: say("el puerto {port} ({program}) está abierto y no está entre los permitidos", "the port {port} ({program}) is open and not among those allowed"), Do: closePort},
		"firewall.too_many_ports": {Say: say("hay más puertos abiertos de los que caben en la medición", "there are more open ports than the measurement holds"), Do: closePort},

		// What the arguments {network} and {family} are.
		"network.domain":     {Say: say("de dominio", "domain")},
		"network.private":    {Say: say("privada", "private")},
		"network.public":     {Say: say("pública", "public")},
		"family.ip":          {Say: say("IPv4", "IPv4")},
		"family.ip6":         {Say: say("IPv6", "IPv6")},
		"from.device_policy": {Say: say("directiva del administrador de dispositivos", "device management policy")},
		"from.local":         {Say: say("configuración del propio equipo", "the machine's own settings")},
	}
}
