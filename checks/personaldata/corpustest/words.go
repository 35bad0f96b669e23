package corpustest

import "strings"

// The words of invented persons and places: common ones, put together here.

func menNames() []string {
	return strings.Split("Juan,Carlos,Luis,Miguel,Pedro,Jorge,Francisco,Antonio,Manuel,Rafael,Alejandro,Fernando,Ricardo,Roberto,Eduardo,Andrés,Raúl,Sergio,Víctor,Ramón,Óscar,Héctor,Arturo,Gerardo,Gabriel,Daniel,Javier,Enrique,Martín,Alberto", ",")
}

func womenNames() []string {
	return strings.Split("Ana,Laura,Patricia,Rosa,Carmen,Elena,Teresa,Silvia,Claudia,Verónica,Gabriela,Adriana,Leticia,Martha,Lucía,Sofía,Daniela,Beatriz,Cristina,Isabel,Mónica,Sandra,Yolanda,Raquel,Irene,Pilar,Dolores,Alicia,Julia,Nuria", ",")
}

func surnames() []string {
	return strings.Split("García,Hernández,López,Martínez,González,Rodríguez,Pérez,Sánchez,Ramírez,Torres,Flores,Rivera,Gómez,Díaz,Reyes,Morales,Jiménez,Ruiz,Álvarez,Mendoza,Castillo,Ortiz,Moreno,Gutiérrez,Chávez,Ramos,Vargas,Castro,Romero,Herrera,Medina,Aguilar,Guerrero,Muñoz,Rojas,Delgado,Vázquez,Domínguez,Contreras,Estrada,Ortega,Núñez,Ibáñez,Peña,Salazar,Soto,Silva,Navarro,Molina,Serrano", ",")
}

func streets() []string {
	return strings.Split("Hidalgo,Juárez,Morelos,de la Paz,Niños Héroes,Constitución,Cinco de Mayo,Independencia,Reforma,del Carmen,Mayor,Nueva,de los Olivos,San Miguel,del Molino", ",")
}

func colonies() []string {
	return strings.Split("Centro,Las Flores,La Loma,San José,Los Pinos,El Mirador,Buenavista,Jardines,Progreso,Lomas Verdes", ",")
}
