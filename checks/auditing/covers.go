package auditing

import (
	"vigia/checks"
	"vigia/checks/host"
)

// failuresCovers says what auditing.failures sees.
func failuresCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				"Security: 4625, 4771, 4776, 1102, 1104 (EvtQuery)", "System: 104, 12, 6005, 6006 (EvtQuery)",
				"AuditQuerySystemPolicy " + auditLogon + ", " + auditCredentials + ", " + auditKerberos,
				keyEventLog, keyLogPolicy, keyProfiles, keyIdentities, keyLogons, keyNetwork + ` Domain`, "NetUserEnum", "NetGetJoinInformation",
			},
			Missing: say(
				"Los nombres que no son de una cuenta del equipo, o de alguien que ya entró en él, se cuentan juntos y no se guardan: suelen ser contraseñas tecleadas en la casilla equivocada. De una persona de Entra ID se conoce el nombre de correo que Windows guarda (IdentityStore); de una del dominio, el de la carpeta de su perfil y ese nombre con el dominio. Los programas con usuarios propios (bases de datos, web) no se miran.",
				"Names that are not of an account of the machine, or of somebody who has logged on to it, are counted together and not kept: they tend to be passwords typed into the wrong box. Of a person of Entra ID the name for mail is known that Windows keeps (IdentityStore); of one of the domain the name of the profile's folder, and that name with the domain. Programs with users of their own (databases, web) are not looked at."),
			ByHand: say(
				"Visor de eventos, Registros de Windows, Seguridad, «Filtrar registro actual…» con el id. 4625 (y 4771, 4776 en un controlador de dominio); Propiedades del registro para el tamaño; «auditpol /get /subcategory:"+auditLogon+"» como administrador.",
				"Event Viewer, Windows Logs, Security, Filter Current Log with id 4625 (and 4771, 4776 on a domain controller); Properties of the log for its size; \"auditpol /get /subcategory:"+auditLogon+"\" as administrator."),
		},
		host.Linux: {
			Sources: append(logSources(), "/var/log/btmp", "/etc/passwd", "/etc/ssh/sshd_config"),
			Missing: say(
				"Los nombres que no están en /etc/passwd se cuentan juntos y no se guardan. No se leen las claves SSH rechazadas, auditd ni los registros comprimidos. Un «quiet» en pam_unix oculta intentos. De las cuentas de un directorio se conocen las que tienen carpeta en /home; con winbind o pam_ldap solo se cuentan sus intentos por SSH.",
				"Names that are not in /etc/passwd are counted together and not kept. Refused SSH keys, auditd and compressed logs are not read. A \"quiet\" of pam_unix hides attempts. Of the accounts of a directory those with a folder in /home are known; with winbind or pam_ldap only their attempts by SSH are counted."),
			ByHand: say(
				"Como root: «journalctl SYSLOG_FACILITY=10 SYSLOG_FACILITY=4 --since -7d | grep -i fail», «grep -i fail /var/log/auth.log» (o /var/log/secure) y «lastb».",
				"As root: \"journalctl SYSLOG_FACILITY=10 SYSLOG_FACILITY=4 --since -7d | grep -i fail\", \"grep -i fail /var/log/auth.log\" (or /var/log/secure) and \"lastb\"."),
		},
	}
}

func logSources() []string {
	return []string{
		journalKept + "/*/*.journal", journalMemory + "/*/*.journal", "/etc/systemd/journald.conf(.d)",
		"/var/log/auth.log, /var/log/secure, /var/log/messages", "/var/log/wtmp, /run/utmp, /var/log/syslog", "/etc/rsyslog.conf(.d)", "/etc/sssd/sssd.conf, /etc/sssd/conf.d",
		"/etc/systemd/system/multi-user.target.wants", "/etc/machine-id", "/etc/nsswitch.conf",
	}
}

// changesCovers says what auditing.account_changes sees.
func changesCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{
				"Security: 4720, 4722, 4724-4726, 4728, 4729, 4732, 4733, 4738, 4740, 4756, 4757, 4767, 4781, 1102, 1104 (EvtQuery)",
				"System: 104, 12, 6005, 6006 (EvtQuery)", "AuditQuerySystemPolicy " + auditAccounts + ", " + auditGroups,
				keyEventLog, keyLogPolicy, keyProfiles, keyIdentities, keyCloudJoin, "NetUserEnum", "NetGetJoinInformation",
			},
			Missing: say(
				"En un equipo del dominio o de Entra ID se juzgan sus cuentas y grupos locales; las del dominio las mira una vez el equipo elegido para el directorio, o un agente en el controlador, y las de Entra ID nadie: a mano en su portal. Lo que ocurrió antes de vaciar el registro no puede saberse.",
				"On a member of a domain or of Entra ID its local accounts and groups are judged; those of the domain are looked at once by the machine chosen for the directory, or by an agent on the controller, and those of Entra ID by nobody: by hand in its portal. What happened before the log was emptied cannot be known."),
			ByHand: say(
				"Visor de eventos, Registros de Windows, Seguridad, «Filtrar registro actual…» con los id. 4720-4740,4756,4757,4767,4781,1102; y Sistema con 104,6005,6006.",
				"Event Viewer, Windows Logs, Security, Filter Current Log with ids 4720-4740,4756,4757,4767,4781,1102; and System with 104,6005,6006."),
		},
		host.Linux: {
			Sources: append(append(logSources(), accountFiles()...), sudoersDir),
			Missing: say(
				"Las cuentas de un directorio (LDAP, dominio) no se ven aquí: las mira una vez el equipo elegido para el directorio. De una edición a mano solo se sabe el día. Quien es root puede falsear registro y fechas; por eso cada cambio sale del equipo en cuanto se ve.",
				"Accounts of a directory (LDAP, domain) are not seen here: the machine chosen for the directory looks at them once. Of an edit by hand only the day is known. Who is root can forge log and dates; that is why each change leaves the machine as soon as it is seen."),
			ByHand: say(
				"Como root: «journalctl --since -7d | grep -E 'useradd|usermod|userdel|groupadd|gpasswd|chauthtok'» (o el mismo grep en /var/log/auth.log o /var/log/secure) y «ls -l --time-style=long-iso /etc/passwd /etc/shadow /etc/group /etc/sudoers /etc/sudoers.d».",
				"As root: \"journalctl --since -7d | grep -E 'useradd|usermod|userdel|groupadd|gpasswd|chauthtok'\" (or the same grep in /var/log/auth.log or /var/log/secure) and \"ls -l --time-style=long-iso /etc/passwd /etc/shadow /etc/group /etc/sudoers /etc/sudoers.d\"."),
		},
	}
}
