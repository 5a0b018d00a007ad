/** A Colombian city of the demo listings. */
export interface DemoCity {
  name: string;
  /** How many of a hundred listings are here, about. */
  share: number;
  /** Pesos per square metre, about. */
  metrePrice: number;
  districts: string[];
  /** What one sees from a high window, after "Vista". */
  view: string;
}

export const demoCities: DemoCity[] = [
  {
    name: "Bogotá",
    share: 26,
    metrePrice: 6_400_000,
    districts: ["Chapinero Alto", "Usaquén", "Cedritos", "Teusaquillo", "La Candelaria", "Salitre", "Suba", "Fontibón"],
    view: "a los cerros orientales",
  },
  {
    name: "Medellín",
    share: 18,
    metrePrice: 5_600_000,
    districts: ["El Poblado", "Laureles", "Belén", "Envigado", "La América", "Robledo", "Estadio"],
    view: "al valle de Aburrá",
  },
  {
    name: "Cali",
    share: 12,
    metrePrice: 3_900_000,
    districts: ["Ciudad Jardín", "Granada", "San Fernando", "El Peñón", "Valle del Lili", "Normandía"],
    view: "a los Farallones",
  },
  {
    name: "Barranquilla",
    share: 9,
    metrePrice: 4_100_000,
    districts: ["Alto Prado", "El Golf", "Riomar", "Villa Country", "Boston"],
    view: "al río Magdalena",
  },
  {
    name: "Pereira",
    share: 9,
    metrePrice: 3_700_000,
    districts: ["Pinares", "Álamos", "Circunvalar", "Cerritos", "Cuba"],
    view: "al nevado del Ruiz",
  },
  {
    name: "Cartagena",
    share: 6,
    metrePrice: 7_200_000,
    districts: ["Bocagrande", "Castillogrande", "Manga", "Getsemaní", "Crespo"],
    view: "al mar Caribe",
  },
  {
    name: "Bucaramanga",
    share: 5,
    metrePrice: 3_800_000,
    districts: ["Cabecera del Llano", "Provenza", "Sotomayor", "Floridablanca"],
    view: "a la meseta",
  },
  {
    name: "Manizales",
    share: 4,
    metrePrice: 3_500_000,
    districts: ["Palermo", "La Enea", "Chipre", "Milán"],
    view: "a la cordillera",
  },
  {
    name: "Armenia",
    share: 4,
    metrePrice: 3_300_000,
    districts: ["La Castellana", "Laureles", "Avenida Bolívar"],
    view: "a los cafetales",
  },
  {
    name: "Ibagué",
    share: 3,
    metrePrice: 3_100_000,
    districts: ["Piedra Pintada", "El Vergel", "Interlaken"],
    view: "al cañón del Combeima",
  },
  {
    name: "Santa Marta",
    share: 2,
    metrePrice: 4_800_000,
    districts: ["El Rodadero", "Bello Horizonte", "Pozos Colorados"],
    view: "a la bahía",
  },
  {
    name: "Villavicencio",
    share: 2,
    metrePrice: 2_900_000,
    districts: ["El Buque", "Barzal", "La Grama"],
    view: "a los Llanos",
  },
];
