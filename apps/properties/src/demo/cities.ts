/** A Colombian city of the demo listings. */
export interface DemoCity {
  name: string;
  /** The coordinates of its centre, in degrees. */
  centre: { lat: number; lon: number };
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
    centre: { lat: 4.65, lon: -74.08 },
    share: 26,
    metrePrice: 6_400_000,
    districts: ["Chapinero Alto", "Usaquén", "Cedritos", "Teusaquillo", "La Candelaria", "Salitre", "Suba", "Fontibón"],
    view: "a los cerros orientales",
  },
  {
    name: "Medellín",
    centre: { lat: 6.244, lon: -75.581 },
    share: 18,
    metrePrice: 5_600_000,
    districts: ["El Poblado", "Laureles", "Belén", "Envigado", "La América", "Robledo", "Estadio"],
    view: "al valle de Aburrá",
  },
  {
    name: "Cali",
    centre: { lat: 3.437, lon: -76.522 },
    share: 12,
    metrePrice: 3_900_000,
    districts: ["Ciudad Jardín", "Granada", "San Fernando", "El Peñón", "Valle del Lili", "Normandía"],
    view: "a los Farallones",
  },
  {
    name: "Barranquilla",
    centre: { lat: 10.98, lon: -74.8 },
    share: 9,
    metrePrice: 4_100_000,
    districts: ["Alto Prado", "El Golf", "Riomar", "Villa Country", "Boston"],
    view: "al río Magdalena",
  },
  {
    name: "Pereira",
    centre: { lat: 4.813, lon: -75.696 },
    share: 9,
    metrePrice: 3_700_000,
    districts: ["Pinares", "Álamos", "Circunvalar", "Cerritos", "Cuba"],
    view: "al nevado del Ruiz",
  },
  {
    name: "Cartagena",
    centre: { lat: 10.4, lon: -75.51 },
    share: 6,
    metrePrice: 7_200_000,
    districts: ["Bocagrande", "Castillogrande", "Manga", "Getsemaní", "Crespo"],
    view: "al mar Caribe",
  },
  {
    name: "Bucaramanga",
    centre: { lat: 7.12, lon: -73.12 },
    share: 5,
    metrePrice: 3_800_000,
    districts: ["Cabecera del Llano", "Provenza", "Sotomayor", "Floridablanca"],
    view: "a la meseta",
  },
  {
    name: "Manizales",
    centre: { lat: 5.067, lon: -75.517 },
    share: 4,
    metrePrice: 3_500_000,
    districts: ["Palermo", "La Enea", "Chipre", "Milán"],
    view: "a la cordillera",
  },
  {
    name: "Armenia",
    centre: { lat: 4.534, lon: -75.681 },
    share: 4,
    metrePrice: 3_300_000,
    districts: ["La Castellana", "Laureles", "Avenida Bolívar"],
    view: "a los cafetales",
  },
  {
    name: "Ibagué",
    centre: { lat: 4.437, lon: -75.2 },
    share: 3,
    metrePrice: 3_100_000,
    districts: ["Piedra Pintada", "El Vergel", "Interlaken"],
    view: "al cañón del Combeima",
  },
  {
    name: "Santa Marta",
    centre: { lat: 11.23, lon: -74.19 },
    share: 2,
    metrePrice: 4_800_000,
    districts: ["El Rodadero", "Bello Horizonte", "Pozos Colorados"],
    view: "a la bahía",
  },
  {
    name: "Villavicencio",
    centre: { lat: 4.142, lon: -73.627 },
    share: 2,
    metrePrice: 2_900_000,
    districts: ["El Buque", "Barzal", "La Grama"],
    view: "a los Llanos",
  },
];
