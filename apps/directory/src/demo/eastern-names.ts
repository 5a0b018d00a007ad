import { feminine, type NameLists, words } from "./name-lists.ts";

const polish = words`Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski
  Kozłowski Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski
  Król Nowakowski Wieczorek Wróbel Jabłoński Dudek Adamczyk Majewski Nowicki Olszewski Stępień Jaworski Malinowski
  Pawlak Górski Witkowski Walczak Sikora Rutkowski Baran Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Duda Zalewski
  Wróblewski Jasiński Marciniak Sadowski Bąk Zawadzki Jakubowski Wilk Włodarczyk Chmielewski Borkowski Sokołowski Sawicki
  Szczepański Kucharski Lis Kalinowski Mazurek Wysocki Maciejewski Kubiak Kołodziej Kaźmierczak Czarnecki Sobczak Urbański
  Głowacki Cieślak Zakrzewski Kołodziejczyk Krajewski Błaszczyk Szulc Laskowski Brzeziński Makowski Ziółkowski Żak Śliwa
  Gołąb Łukasik Ćwik Źrebiec Świątek Łuczak Żuławski Śmigły Smiglewski Smietana Smider`;
const czech = words`Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Krejčí Horák Němec Marek Pokorný Pospíšil Hájek
  Jelínek Král Růžička Beneš Fiala Sedláček Doležal Zeman Kolář Navrátil Čermák Vaněk Urban Blažek Kříž Kovář Bartoš Vlček
  Polák Musil Kopecký Šimek Konečný Malý Čech Holub Staněk Kadlec Štěpánek Dostál Soukup Šťastný Mareš Moravec Sýkora
  Tichý Valenta Vávra Matoušek Bláha Říha Ševčík Bureš Hruška Mašek Dušek Pavlík Havlíček Žák Řezníček Ďurica Ľubomír`;
const russian = words`Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев
  Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов
  Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин Максимов
  Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров Давыдов Беляев`;

/** Polish, Czech and Russian names, whose last names have two forms, and Vietnamese, East and South Asian and Arabic names. */
export const easternNames = {
  polish: {
    female: words`Anna Maria Katarzyna Małgorzata Agnieszka Barbara Ewa Krystyna Magdalena Elżbieta Joanna Aleksandra Zofia
      Monika Teresa Danuta Natalia Julia Karolina Marta Beata Dorota Halina Jadwiga Jolanta Alicja Łucja Świętosława
      Żaneta Bożena Grażyna Izabela Kinga Oliwia Zuzanna Hanna Maja Wiktoria Stanisława Wacława Bogusława`,
    male: words`Piotr Krzysztof Andrzej Tomasz Paweł Jan Michał Marcin Jakub Adam Stanisław Marek Łukasz Grzegorz Mateusz
      Wojciech Mariusz Dariusz Zbigniew Jerzy Maciej Rafał Robert Kamil Józef Jacek Dawid Tadeusz Ryszard Szymon Kacper
      Bartosz Zdzisław Bogdan Władysław Sławomir Żegota Świętopełk Czesław Mieczysław Radosław Przemysław`,
    last: polish,
    lastFemale: polish.map((name) => name.replace(/ski$/, "ska")),
  },
  czech: {
    female: words`Marie Jana Eva Hana Anna Lenka Kateřina Lucie Věra Alena Petra Veronika Jaroslava Tereza Martina Michaela
      Jitka Helena Ludmila Zdeňka Ivana Monika Eliška Zuzana Markéta Jarmila Barbora Jiřina Růžena Božena Šárka Žofie`,
    male: words`Jiří Jan Petr Josef Pavel Martin Tomáš Jaroslav Miroslav Zdeněk František Václav Michal Milan Karel Jakub
      Lukáš David Vladimír Ladislav Ondřej Stanislav Roman Marek Radek Daniel Antonín Vojtěch Filip Adam Matěj Dušan Čeněk`,
    last: czech,
    lastFemale: czech.map(feminine),
  },
  russian: {
    female: words`Елена О́льга Татьяна Наталья Ирина Светлана Анна Мария Людмила Екатерина Анастасия Юлия Галина Дарья Ксения
      Алёна Валентина Виктория Вера Надежда Полина София Ева Алиса Зинаида Лидия Зоя Фёкла`,
    male: words`Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Артём Николай Владимир Роман Павел Юрий
      Виктор Олег Игорь Фёдор Пётр Илья Василий Кирилл Никита Егор Тимофей Матвей Йосиф`,
    last: russian,
    lastFemale: russian.map((name) => `${name}а`),
  },
  vietnamese: {
    female: words`Lan Hương Hoa Mai Linh Trang Thảo Ngọc Phương Hằng Thu Hà Yến Nhung Dung Vân Huyền Quỳnh Tuyết Ánh Đào Diệp`,
    male: words`Minh Hùng Dũng Tuấn Anh Nam Sơn Hải Long Quang Đức Thành Cường Hiếu Trung Phúc Khoa Đạt Bảo Huy Việt Thắng Lộc`,
    middleFemale: words`Thị Ngọc Thu Kim Mỹ Bích`,
    middleMale: words`Văn Đức Minh Hữu Quốc Xuân`,
    last: words`Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Trịnh Đoàn Mai Tô Lương Cao Tạ`,
  },
  asian: {
    female: words`Wei Fang Na Min Jing Li Xiu Yan Juan Yuki Hana Sakura Aoi Yui Rin Mei Keiko Yōko Ji-woo Seo-yeon Min-ji
      Ha-eun Priya Ananya Lakshmi Kavita Sunita Neha Pooja Divya Meera Aishwarya Siti Dewi Putri Nurul Mayumi Noriko`,
    male: words`Wei Jun Lei Tao Ming Qiang Hao Chen Bo Hiroshi Takashi Kenji Haruto Ren Sota Yūta Kōji Min-jun Seo-jun Ji-ho
      Do-yun Arjun Rahul Amit Sanjay Vijay Rohan Aditya Suresh Ramesh Rajesh Budi Agus Putra Satoshi Daichi Ryō Shin`,
    last: words`Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Tang Song Sato
      Suzuki Takahashi Tanaka Watanabe Itō Yamamoto Nakamura Kobayashi Katō Yoshida Yamada Sasaki Yamaguchi Saitō Kim Lee
      Park Choi Jeong Kang Cho Yoon Jang Lim Kumar Singh Sharma Patel Gupta Reddy Das Khan Iyer Nair Rao Menon Chatterjee
      Mukherjee Banerjee Desai Mehta Kapoor Malhotra Joshi Wijaya Santoso Hartono Siregar Nasution Lubis Ismita Lakshmi`,
    heads: words`Yama Naka Kawa Mori Taka Matsu Fuji Ishi Hashi Kiku Mizu Nishi Oka Saka Shima Ueno Waka Yoshi Ao Kuro`,
    tails: words`da gawa guchi hara hashi mori moto mura naga no oka saki sawa shima shita ta yama zawa`,
  },
  arabic: {
    female: words`Fatima Aisha Maryam Khadija Zaynab Amina Layla Noor Salma Hala Rania Dina Yasmin Samira Nadia Huda Ismahan`,
    male: words`Mohammed Ahmed Ali Omar Hassan Hussein Khalid Ibrahim Youssef Mahmoud Abdullah Karim Tariq Samir Nabil Ismail`,
    last: words`Al-Masri Haddad Khoury Mansour Nasser Saleh Hamdan Khalil Aziz Farah Said Rahman Abboud Najjar Sayegh Qasim
      Othman Bakr Darwish Jaber Zaki Shaheen Ghanem Sabbagh Hakim Karam Barakat Taha Issa Bishara Ben-Smida Boussmina`,
    heads: words`Abdul Al- El- Ben-`,
    tails: words`amin aziz fadl farid hadi hakim halim jalil karim khalil latif malik nasser rahim rahman rashid salam samad
      wahid`,
  },
} satisfies Record<string, NameLists>;
