import { type NameLists, words } from "./name-lists.ts";

/** Spanish, Portuguese, Italian and Turkish names, the most frequent first. */
export const southernNames = {
  spanish: {
    female: words`María Carmen Ana Isabel Laura Cristina Marta Lucía Sofía Elena Paula Pilar Dolores Teresa Rosa Raquel
      Sara Beatriz Nuria Silvia Patricia Rocío Mónica Inés Julia Alba Irene Claudia Valentina Camila Daniela Mariana
      Gabriela Alejandra Andrea Natalia Verónica Adriana Carolina Juliana Luz Gloria Martha Esperanza Ángela Victoria
      Catalina Manuela Ximena Yolanda Itziar Begoña Belén Jazmín Concepción Guadalupe Fernanda Renata Jimena Consuelo`,
    male: words`Antonio José Manuel Francisco David Juan Javier Daniel Carlos Jesús Alejandro Miguel Rafael Pedro Pablo Ángel
      Sergio Fernando Jorge Luis Alberto Álvaro Adrián Diego Iván Raúl Rubén Enrique Ramón Vicente Andrés Óscar Joaquín
      Santiago Eduardo Víctor Roberto Jaime Mario Ignacio Alfonso Salvador Ricardo Marcos Emilio Julián Tomás Sebastián
      Nicolás Mateo Martín Felipe Gustavo César Hernán Darío Camilo Germán Íñigo Gonzalo Nicanor Esteban Ezequiel`,
    last: words`García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Ruiz Díaz Moreno
      Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil Serrano Morales Molina
      Blanco Suárez Castro Ortega Delgado Ortiz Marín Rubio Núñez Medina Sanz Castillo Iglesias Cortés Garrido Santos
      Guerrero Lozano Cano Cruz Méndez Flores Prieto Herrera Peña León Márquez Cabrera Gallego Calvo Vidal Campos Reyes
      Vega Fuentes Carrasco Diez Aguilar Caballero Nieto Santana Vargas Pascual Giménez Herrero Hidalgo Montero Lorenzo
      Santiago Benítez Durán Ibáñez Arias Mora Ferrer Carmona Vicente Rojas Soto Crespo Román Pastor Velasco Parra Sáez
      Moya Bravo Rivera Gallardo Soler Quintero Restrepo Velázquez Blázquez Bermúdez Zúñiga Ospina Echeverri Zapata`,
  },
  portuguese: {
    female: words`Maria Ana Francisca Antónia Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna
      Jéssica Letícia Júlia Luciana Vanessa Mariana Gabriela Vera Vitória Larissa Cláudia Beatriz Rita Luana Sónia Renata
      Inês Leonor Matilde Carolina Mafalda Constança Lara Íris Conceição Graça Lourdes Fátima Assunção Graciete Luzia`,
    male: words`José João António Francisco Carlos Paulo Pedro Lucas Luiz Marcos Luís Gabriel Rafael Daniel Marcelo Bruno
      Eduardo Felipe Raimundo Rodrigo Manoel Mateus André Fernando Fábio Leonardo Gustavo Guilherme Leandro Tiago Anderson
      Ricardo Márcio Jorge Sebastião Alexandre Roberto Edson Diego Vítor Sérgio Cláudio Martim Afonso Duarte Gonçalo Simão
      Nuno Rui Álvaro Estêvão Zé Inácio Caetano Joaquim Valdir Wellington`,
    last: words`Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Rodrigues Almeida Nascimento Alves Carvalho Araújo
      Ribeiro Gomes Martins Barbosa Rocha Dias Lopes Soares Fernandes Vieira Cardoso Mendes Nunes Moreira Marques Machado
      Freitas Ramos Gonçalves Cavalcanti Teixeira Moura Correia Pinto Monteiro Cunha Melo Azevedo Castro Campos Pires
      Cruz Fonseca Batista Miranda Reis Andrade Borges Medeiros Coelho Simões Guimarães Magalhães Conceição Leitão
      Brandão Falcão Galvão Aragão Assunção Bragança Esteves Figueiredo Morais Neves Sá Tavares Vasconcelos Xavier`,
  },
  italian: {
    female: words`Maria Anna Giuseppina Rosa Angela Giovanna Teresa Lucia Carmela Caterina Francesca Antonella Carla Elena
      Concetta Rita Margherita Franca Paola Laura Giulia Sofia Aurora Alice Ginevra Emma Giorgia Greta Beatrice Chiara
      Martina Sara Federica Silvia Elisa Valentina Alessandra Ilaria Simona Arianna Bianca Ludovica Nicoletta Ornella`,
    male: words`Giuseppe Giovanni Antonio Mario Luigi Francesco Angelo Vincenzo Pietro Salvatore Carlo Franco Domenico Bruno
      Paolo Michele Giorgio Aldo Sergio Luciano Alessandro Leonardo Lorenzo Mattia Andrea Gabriele Matteo Riccardo Tommaso
      Edoardo Federico Marco Stefano Simone Davide Daniele Nicolò Cosimo Ettore Emanuele Filippo Niccolò Raffaele Ugo`,
    last: words`Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Giordano Mancini
      Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile
      Martinelli Vitale Lombardo Serra Coppola Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini
      Messina Sala Gatti Pellegrini Palumbo Sanna Farina Rizzi Monti Cattaneo Morelli Amato Silvestri Mazza Testa
      Grassi Pellegrino Carbone Giuliani Benedetti Barone Rossetti Caputo Montanari Guerra Palmieri Bernardi Martino Fiore
      Bellini Basile Riva Donati Piras Vitali Battaglia Sartori Neri Costantini Milani Pagano Ruggiero Sorrentino Orlando`,
    heads: words`Bella Bene Bon Capo Cara Castel Cava Colle Dal De Di Fiora Fonte Gola Lava Man Mala Mara Monte Pala Para
      Pede Pela Quarta Ran Roca Salva San Scala Serra Tara Tavo Terra Vala Vene Villa Zampa`,
    tails: words`belli bianchi bosco bruni casa cini ciotti dini fiori gatti ghetti grande lini longhi matti mini nelli netti
      nova rini rossi santi telli verdi vini`,
  },
  turkish: {
    female: words`Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Zehra Sultan Hanife Merve Havva Özlem Yasemin Büşra Esra
      Gülşen Hülya Leyla Nur Sevgi Tuğba Ümmü Çiğdem İrem Ebru Derya Deniz Aslı Ceren Defne Ece Gizem İpek Pınar Şule`,
    male: words`Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Süleyman Abdullah
      Mahmut Recep Salih Fatih Kadir Emre Hakan Adem Kemal Yaşar Çağlar Özgür Uğur Tolga Barış Cem Doğan Erdoğan Gökhan`,
    last: words`Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt
      Özkan Şimşek Polat Korkmaz Özcan Çakır Erdoğan Yavuz Can Acar Şen Aktaş Güler Yalçın Güneş Bozkurt Bulut Keskin Ünal
      Turan Gül Özer Işık Kaplan Avcı Sarı Tekin Taş Köse Yüksel Ateş Aksoy Uçar Ergün İnan Ünsal Çiftçi Coşkun Duman`,
    heads: words`Ak Altın Bay Boz Dağ Demir Er Gök Gün Kara Kızıl Koca Kuş Öz Sarı Taş Tek Uzun Yeşil Yıldız`,
    tails: words`alp bay bulut can çam dağ demir doğan er gül kan kaya kurt oğlu pınar soy taş tepe türk yol`,
  },
} satisfies Record<string, NameLists>;
