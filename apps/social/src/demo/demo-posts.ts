/** The users of the demo data, by the part of their email before `@demo.example.com`. */
export const demoPeople = ["ana", "diego", "mei", "yusuf", "olga", "lars", "priya", "tomas"] as const;

export type DemoPerson = (typeof demoPeople)[number];

export interface DemoPost {
  by: DemoPerson;
  title: string;
  content: string;
  published?: false;
}

/** The posts of the demo data, oldest first. */
export const demoPosts: DemoPost[] = [
  {
    by: "ana",
    title: "Un domingo en Cali",
    content: "Desayuno en San Antonio, salsa por la tarde y lulada en la loma de la cruz.",
  },
  {
    by: "diego",
    title: "Arepas: the short guide",
    content: "White corn, warm water, salt. Rest the dough for ten minutes and keep the pan dry.",
  },
  { by: "mei", title: "第一次爬山", content: "凌晨四点出发，山顶的日出值得早起。带够水，下山比上山更累。" },
  { by: "lars", title: "Cykling om vinteren", content: "Piggdekk, lys og ull innerst. Det finnes ikke dårlig vær." },
  {
    by: "olga",
    title: "Как я учу испанский",
    content: "Двадцать минут в день, песни вместо учебника и разговор раз в неделю.",
  },
  {
    by: "yusuf",
    title: "İstanbul'da bir gün",
    content: "Sabah vapur, öğlen balık ekmek, akşam Moda sahili. Simidi unutma.",
  },
  {
    by: "priya",
    title: "Notes on a first marathon",
    content: "Go out slower than feels right. The race begins at kilometre thirty.",
  },
  { by: "tomas", title: "Proč mám rád mapy", content: "Na papíru vidíš i to, co jsi nehledal." },
  {
    by: "ana",
    title: "Coffee in Salento",
    content: "The farm tours are worth it. Ask for the washed lot and walk back through the valley.",
  },
  {
    by: "mei",
    title: "Tea, slowly",
    content: "Water just off the boil, ten seconds, pour. The third steep is the one to wait for.",
  },
  {
    by: "diego",
    title: "Bogotá en bicicleta",
    content: "Los domingos hay ciclovía: más de cien kilómetros sin carros.",
  },
  {
    by: "lars",
    title: "Bread without kneading",
    content: "Flour, water, salt, a pinch of yeast and eighteen hours. A hot pot does the rest.",
  },
  { by: "olga", title: "Книги на лето", content: "Три повести, один толстый роман и сборник стихов на дорогу." },
  { by: "priya", title: "मानसून की पहली बारिश", content: "चाय, पकौड़े और बालकनी। फ़ोन अंदर ही छोड़ दो।" },
  { by: "yusuf", title: "قهوة الصباح", content: "فنجان صغير، هيل قليل، وحديث طويل." },
  {
    by: "tomas",
    title: "Trains at night",
    content: "Take the lower berth, bring slippers, and wake up one border further.",
  },
  {
    by: "ana",
    title: "Aprender a bailar tarde",
    content: "A los cuarenta también se aprende. Nadie te mira tanto como crees.",
  },
  { by: "mei", title: "夜市で食べたもの", content: "葱油餅と愛玉ゼリー。並ぶ店ほど早い。" },
  {
    by: "diego",
    title: "100% cotton, and other labels",
    content: "What the words on a shirt promise, and what they leave out.",
  },
  {
    by: "priya",
    title: "Small tools that last",
    content: "A good knife, a cast iron pan, a bicycle pump made of metal.",
  },
  { by: "lars", title: "Hytta uten strøm", content: "Stearinlys, ved og en kortstokk. Mer trenger man ikke." },
  { by: "yusuf", title: "Learning to rest", content: "One day a week without plans. The first month is the hardest." },
  { by: "olga", title: "Draft: a letter home", content: "To be finished.", published: false },
  {
    by: "tomas",
    title: "Kam na výlet o víkendu",
    content: "Pěšky podél řeky, vlakem zpátky. Dvanáct kilometrů a jedna hospoda.",
  },
];

/** The users who vote for the post at `index`; always the same ones. */
export function votersFor(index: number): DemoPerson[] {
  return demoPeople.filter((_, person) => (index * 7 + person * 5) % 11 < (index % 8) + 1);
}
