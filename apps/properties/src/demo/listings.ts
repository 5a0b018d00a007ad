import type { NewFields } from "../properties/property.ts";
import type { Status } from "../properties/statuses.ts";
import { type DemoCity, demoCities } from "./cities.ts";
import { type Random, seededRandom } from "./random.ts";

export interface DemoListing {
  fields: NewFields;
  /** In the order in which the rows are stored, which is not always that of their dates. */
  history: { status: Status; updateDate: Date }[];
}

interface Kind {
  name: string;
  weight: number;
  /** Square metres. */
  area: [number, number];
  /** How the address goes on after the number. */
  unit: (random: Random) => string;
}

const kinds: Kind[] = [
  {
    name: "Apartamento",
    weight: 50,
    area: [48, 160],
    unit: (random) => `, Apto ${random.whole(1, 18)}0${random.whole(1, 6)}`,
  },
  {
    name: "Apartaestudio",
    weight: 12,
    area: [24, 46],
    unit: (random) => `, Apto ${random.whole(2, 14)}0${random.whole(1, 8)}`,
  },
  { name: "Casa", weight: 24, area: [90, 320], unit: () => "" },
  { name: "Casa campestre", weight: 6, area: [180, 520], unit: (random) => `, Parcela ${random.whole(1, 40)}` },
  { name: "Local comercial", weight: 5, area: [20, 140], unit: (random) => `, Local ${random.whole(101, 230)}` },
  { name: "Oficina", weight: 3, area: [30, 180], unit: (random) => `, Oficina ${random.whole(201, 1204)}` },
];

const features = [
  "cocina integral",
  "balcón",
  "terraza",
  "zona de ropas independiente",
  "chimenea",
  "pisos en madera",
  "estudio",
  "depósito",
  "calentador a gas",
  "aire acondicionado",
  "jardín interior",
];

const surroundings = [
  "cerca de parques y colegios",
  "a dos cuadras del transporte público",
  "junto al centro comercial",
  "en una calle tranquila y arborizada",
  "a pocos minutos de la universidad",
  "con supermercados y restaurantes a la vuelta",
];

/** The way of a property through its statuses; a history is a beginning of it. */
const course: Status[] = ["comprando", "comprado", "pre_venta", "en_venta", "vendido"];
const lengths = [
  { length: 1, weight: 8 },
  { length: 2, weight: 9 },
  { length: 3, weight: 15 },
  { length: 4, weight: 40 },
  { length: 5, weight: 28 },
];

const day = 24 * 3600 * 1000;
const firstDay = Date.UTC(2022, 0, 10);

/** The first `count` demo listings; the same ones at every call. */
export function demoListings(count: number): DemoListing[] {
  const random = seededRandom(11);
  const places = seededRandom(12);
  return Array.from({ length: count }, () => {
    const city = random.weighted(demoCities, ({ share }) => share);
    return { fields: { ...fieldsIn(city, random), ...placeIn(city, places) }, history: historyOf(random) };
  });
}

/** A place some kilometres from the centre of a city at most; a few have none. */
function placeIn({ centre }: DemoCity, random: Random): Pick<NewFields, "lat" | "lon"> {
  if (random.chance(4)) return { lat: null, lon: null };
  const near = (degrees: number) =>
    Number((degrees + (random.whole(-250, 250) + random.whole(-250, 250)) / 10_000).toFixed(6));
  return { lat: near(centre.lat), lon: near(centre.lon) };
}

function fieldsIn(city: DemoCity, random: Random): NewFields {
  const kind = random.weighted(kinds, ({ weight }) => weight);
  const area = random.whole(...kind.area);
  const district = random.pick(city.districts);
  const price = area * city.metrePrice * (random.whole(75, 135) / 100);
  const address = `${street(random)}${kind.unit(random)}, ${district}`;
  const { description, rooms } = describe(kind, area, city, district, random);
  return {
    address,
    city: city.name,
    price: Math.round(price / 500_000) * 500_000,
    description,
    year: random.chance(70) ? random.whole(2005, 2024) : random.whole(1958, 2004),
    rooms,
    area,
    type: kind.name.toLowerCase(),
  };
}

function street(random: Random): string {
  const road = random.weighted(["Calle", "Carrera", "Avenida", "Transversal", "Diagonal"], (name) =>
    name === "Calle" || name === "Carrera" ? 42 : 6,
  );
  const letter = random.chance(25) ? random.pick(["A", "B", "C", "Bis"]) : "";
  return `${road} ${random.whole(3, 170)}${letter} # ${random.whole(2, 99)}-${String(random.whole(2, 98)).padStart(2, "0")}`;
}

function describe(kind: Kind, area: number, city: DemoCity, district: string, random: Random) {
  const two = [random.pick(features), random.pick(features)];
  const parts = [`${kind.name} de ${area} m² en ${district}, ${[...new Set(two)].join(" y ")}.`];
  let rooms: number | null = null;
  if (kind.name.startsWith("Casa") || kind.name === "Apartamento") {
    rooms = random.whole(2, 5);
    const baths = counted(random.whole(1, rooms), "baño");
    const cars = random.pick(["sin parqueadero", "1 parqueadero", "2 parqueaderos"]);
    parts.push(`${counted(rooms, "habitación", "habitaciones")}, ${baths}, ${cars}.`);
  }
  if (random.chance(35)) parts.push(`Vista ${city.view}.`);
  parts.push(`Queda ${random.pick(surroundings)}.`);
  if (random.chance(12)) parts.push("Recién remodelado, listo para estrenar.");
  return { description: parts.join(" "), rooms };
}

function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function historyOf(random: Random): DemoListing["history"] {
  const { length } = random.weighted(lengths, ({ weight }) => weight);
  let at = firstDay + random.whole(0, 700) * day + random.whole(8 * 60, 18 * 60) * 60_000;
  const history = course.slice(0, length).map((status) => {
    at += random.whole(6, 90) * day + random.whole(0, 240) * 60_000;
    return { status, updateDate: new Date(at) };
  });
  if (length === 5 && random.chance(12)) {
    // The sale fell through and the property is on offer again.
    history.push({ status: "en_venta", updateDate: new Date(at + random.whole(5, 40) * day) });
  }
  // Some histories were typed in later, in another order than that of their dates.
  return random.chance(15) ? history.reverse() : history;
}
