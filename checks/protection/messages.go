package protection

import "vigia/checks/message"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }
