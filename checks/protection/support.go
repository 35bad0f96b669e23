package protection

// supportEnds is the last day on which each system gets security fixes without being
// paid for, as its maker had announced by 2026-11-22. What came later a policy adds.
//
// Sources: Microsoft Lifecycle; wiki.debian.org/LTS; ubuntu.com/about/release-cycle; Red
// Hat, Rocky, AlmaLinux and Oracle life cycles; openSUSE and Linux Mint release pages.
func supportEnds() map[string]string {
	return map[string]string{
		// Windows by build and by how an edition is serviced: Home and Pro as pro,
		// Enterprise and Education as enterprise.
		"windows 7601 pro": "2020-01-14", "windows 7601 enterprise": "2020-01-14",
		"windows 9600 pro": "2023-01-10", "windows 9600 enterprise": "2023-01-10",
		"windows 10240 pro": "2017-05-09", "windows 10240 enterprise": "2017-05-09", "windows 10240 ltsc": "2025-10-14",
		"windows 14393 pro": "2018-04-10", "windows 14393 enterprise": "2019-04-09", "windows 14393 ltsc": "2026-10-13",
		"windows 14393 iot_ltsc": "2026-10-13", "windows 17763 iot_ltsc": "2029-01-09",
		"windows 15063 pro": "2018-10-09", "windows 15063 enterprise": "2019-10-08",
		"windows 16299 pro": "2019-04-09", "windows 16299 enterprise": "2020-10-13",
		"windows 17134 pro": "2019-11-12", "windows 17134 enterprise": "2021-05-11",
		"windows 17763 pro": "2020-11-10", "windows 17763 enterprise": "2021-05-11", "windows 17763 ltsc": "2029-01-09",
		"windows 18362 pro": "2020-12-08", "windows 18362 enterprise": "2020-12-08",
		"windows 18363 pro": "2021-05-11", "windows 18363 enterprise": "2022-05-10",
		"windows 19041 pro": "2021-12-14", "windows 19041 enterprise": "2021-12-14",
		"windows 19042 pro": "2022-05-10", "windows 19042 enterprise": "2023-05-09",
		"windows 19043 pro": "2022-12-13", "windows 19043 enterprise": "2022-12-13",
		"windows 19044 pro": "2023-06-13", "windows 19044 enterprise": "2024-06-11",
		"windows 19044 ltsc": "2027-01-12", "windows 19044 iot_ltsc": "2032-01-13",
		"windows 19045 pro": "2025-10-14", "windows 19045 enterprise": "2025-10-14",
		"windows 22000 pro": "2023-10-10", "windows 22000 enterprise": "2024-10-08",
		"windows 22621 pro": "2024-10-08", "windows 22621 enterprise": "2025-10-14",
		"windows 22631 pro": "2025-11-11", "windows 22631 enterprise": "2026-11-10",
		"windows 26100 pro": "2026-10-13", "windows 26100 enterprise": "2027-10-12",
		"windows 26100 ltsc": "2029-10-09", "windows 26100 iot_ltsc": "2034-10-10",
		"windows 26200 pro": "2027-10-12", "windows 26200 enterprise": "2028-10-10",
		"windows 26300 pro": "2028-10-10", "windows 26300 enterprise": "2029-10-09",
		"windows 28000 pro": "2028-03-14", "windows 28000 enterprise": "2029-03-13",
		"windows 7601 server": "2020-01-14", "windows 9200 server": "2023-10-10", "windows 9600 server": "2023-10-10",
		"windows 14393 server": "2027-01-12", "windows 17763 server": "2029-01-09", "windows 20348 server": "2031-10-14",
		"windows 25398 server": "2025-10-24", "windows 26100 server": "2034-11-14",

		"debian 8": "2020-06-30", "debian 9": "2022-06-30", "debian 10": "2024-06-30", "debian 11": "2026-08-31",
		"debian 12": "2028-06-30", "debian 13": "2030-06-30",
		"ubuntu 14.04": "2019-04-25", "ubuntu 16.04": "2021-04-30", "ubuntu 18.04": "2023-05-31", "ubuntu 20.04": "2025-05-31",
		"ubuntu 22.04": "2027-06-01", "ubuntu 23.10": "2024-07-11", "ubuntu 24.04": "2029-05-31", "ubuntu 24.10": "2025-07-10",
		"ubuntu 25.04": "2026-01-15", "ubuntu 25.10": "2026-07-09", "ubuntu 26.04": "2031-05-31",
		"linuxmint 19": "2023-04-30", "linuxmint 20": "2025-04-30", "linuxmint 21": "2027-04-30", "linuxmint 22": "2029-04-30",
		"centos 6": "2020-11-30", "centos 7": "2024-06-30", "centos 8": "2021-12-31", "centos 9": "2027-05-31",
		"rhel 7": "2024-06-30", "rhel 8": "2029-05-31", "rhel 9": "2032-05-31", "rhel 10": "2035-05-31",
		"rocky 8": "2029-05-31", "rocky 9": "2032-05-31", "rocky 10": "2035-05-31",
		"almalinux 8": "2029-03-01", "almalinux 9": "2032-05-31", "almalinux 10": "2035-05-31",
		"ol 7": "2024-12-31", "ol 8": "2029-07-31", "ol 9": "2032-06-30", "ol 10": "2035-06-30",
		"opensuse-leap 15.4": "2023-12-07", "opensuse-leap 15.5": "2024-12-31", "opensuse-leap 15.6": "2026-04-30",
		"fedora 40": "2025-05-13", "fedora 41": "2025-12-15", "fedora 42": "2026-05-13",
	}
}

// extendedEnds is the last day of security fixes that are paid or asked for apart. A
// machine has them only if one of them is installed.
func extendedEnds() map[string]string {
	return map[string]string{
		"windows 19045 pro": "2028-10-10", "windows 19045 enterprise": "2028-10-10",
		"windows 9200 server": "2026-10-13", "windows 9600 server": "2026-10-13",
		"windows 14393 ltsc": "2029-10-09",
		"ubuntu 18.04":       "2028-04-30", "ubuntu 20.04": "2030-04-30", "ubuntu 22.04": "2032-04-30", // Ubuntu Pro
	}
}
