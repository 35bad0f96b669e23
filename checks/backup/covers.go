package backup

import (
	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

func dailyCovers() map[host.OS]checks.Coverage {
	missing := message.Text{
		ES: "Solo los conjuntos que la política declara. Que una copia está entera se comprueba por lo que su formato lleva: tar, volcados SQL sin comprimir, discos VHD y VHDX, SQLite y Access no llevan sumas de su contenido; rar, Veeam, SQL Server y lo cifrado no se abren por dentro (de GnuPG se comprueba que llega a su final) (un .sha256 al lado lo suple). Cada copia grande se lee entera una vez al trimestre, por turnos según la fecha; lo que se vio dañado se vuelve a leer en cada medición del servicio, pero no en un «vigia-agent check» suelto. En restic y borg no se sabe de qué son las copias (van cifradas); lo que cambia el repositorio sin añadir datos (etiquetas, limpiezas, una copia sin nada nuevo) no cuenta como copia o deja el resultado en no se sabe. El tamaño habitual se recuerda de una medición a otra: si el agente se reinstala, vale lo que quede en la carpeta. Que de una copia se puede restaurar lo prueba BK-RESTORE-Q.",
		EN: "Only the datasets that the policy declares. That a copy is whole is verified by what its format carries: tar, unpacked SQL dumps, VHD and VHDX disks, SQLite and Access carry no sums of their contents; rar, Veeam, SQL Server and whatever is encrypted is not opened (that a file of GnuPG goes on to its end is verified) (a .sha256 beside it makes up for that). Each large copy is read whole once a quarter, in turns by date; what was seen damaged is read again in each run of the service, but not in a vigia-agent check of its own. Of restic and borg it is not known what the copies are of (they are encrypted); what changes the repository without adding data (tags, cleaning, a copy of nothing new) is no copy or leaves the result unknown. The usual size is remembered from run to run: where the agent was installed anew, what is left in the folder counts. That a copy can be restored is proved by BK-RESTORE-Q.",
	}
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: []string{
				"datasets[].copies", "datasets[].source", "restic: snapshots/ index/ keys/ data/ locks/ config",
				"borg: index.N data/ nonce lock.exclusive lock.roster", "rsnapshot: daily.0 ...", "Proxmox: vzdump-*.log",
				"PostgreSQL: PG_VERSION global/pg_control postmaster.pid", "/proc/self/mountinfo", "/proc/PID/fd",
			},
			Missing: missing,
			ByHand: message.Text{
				ES: "En la carpeta de copias: «ls -lt --time-style=full-iso». Para cada copia según su tipo: «gzip -t», «xz -t», «zstd -t», «unzip -t», «7z t», «pg_restore --list», «restic check», «borg check», «tail -3 volcado.sql».",
				EN: "In the folder of copies: ls -lt --time-style=full-iso. For each copy by its kind: gzip -t, xz -t, zstd -t, unzip -t, 7z t, pg_restore --list, restic check, borg check, tail -3 dump.sql.",
			},
		},
		host.Windows: {
			Sources: []string{
				"datasets[].copies", "datasets[].source", "Microsoft-Windows-Backup: 4 5 8 9 17-22 49 50 52 100 517 518 521 527 528 544-546 561 564 612",
				`WindowsImageBackup\PC\Backup ...`, `PostgreSQL: PG_VERSION global\pg_control postmaster.pid`,
			},
			Missing: missing,
			ByHand: message.Text{
				ES: "Explorador de archivos, carpeta de copias, vista Detalles ordenada por fecha. Para Copias de seguridad de Windows Server: «wbadmin get versions», o Visor de eventos > Registros de aplicaciones y servicios > Microsoft > Windows > Backup. Para zip y 7z: 7-Zip > Comprobar.",
				EN: "File Explorer, folder of copies, Details sorted by date. For Windows Server Backup: wbadmin get versions, or Event Viewer > Applications and Services Logs > Microsoft > Windows > Backup. For zip and 7z: 7-Zip > Test.",
			},
		},
	}
}

func accessCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Linux: {
			Sources: []string{"/etc/passwd", "/etc/group", "/etc/login.defs", "datasets[].copies: mode, owner, system.posix_acl_access", "/proc/self/mountinfo"},
			Missing: message.Text{
				ES: "Las cuentas de un directorio (LDAP, dominio) cuentan como «cualquier cuenta»; un grupo que no está en /etc/group deja el resultado en no se sabe. No se miran recursos de Samba o NFS que entren por otra cuenta, ni quién puede hacerse root.",
				EN: "Accounts of a directory (LDAP, domain) count as any account; a group that is not in /etc/group leaves the result unknown. Shares of Samba or NFS that enter as another account are not looked at, nor who may become root.",
			},
			ByHand: message.Text{
				ES: "«namei -l CARPETA», «getfacl CARPETA CARPETA/*», y como una cuenta de trabajo: «sudo -u CUENTA ls CARPETA».",
				EN: "namei -l FOLDER, getfacl FOLDER FOLDER/*, and as an account of daily work: sudo -u ACCOUNT ls FOLDER.",
			},
		},
		host.Windows: {
			Sources: []string{"DACL of datasets[].copies", "NetLocalGroupGetMembers S-1-5-32-544 S-1-5-32-551", "NetUserEnum", `HKU\<SID>\Network`},
			Missing: message.Text{
				ES: "Quién está en un grupo del dominio no se pregunta aquí: un grupo propio deja el resultado en no se sabe. De una carpeta compartida de otro equipo solo se ve lo que ese equipo enseña y qué sesiones la tienen como unidad.",
				EN: "Who is in a group of the domain is not asked here: a group of one's own leaves the result unknown. Of a share of another machine only what it shows is seen, and which profiles have it as a drive.",
			},
			ByHand: message.Text{
				ES: "Propiedades de la carpeta > Seguridad > Opciones avanzadas > Acceso efectivo, con una cuenta de trabajo; o «icacls CARPETA».",
				EN: "Properties of the folder > Security > Advanced > Effective Access, with an account of daily work; or icacls FOLDER.",
			},
		},
	}
}
