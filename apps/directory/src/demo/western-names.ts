import { type NameLists, words } from "./name-lists.ts";

/** English, French, German and Nordic names, the most frequent first. */
export const westernNames = {
  english: {
    female: words`Olivia Emma Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty
      Margaret Sandra Ashley Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Sharon
      Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Nicole Ruth Katherine Samantha Christine Helen Virginia
      Debra Rachel Janet Catherine Maria Heather Diane Julie Joyce Victoria Kelly Christina Joan Evelyn Lauren Judith
      Megan Cheryl Andrea Hannah Martha Jacqueline Frances Gloria Ann Teresa Kathryn Sara Janice Jean Alice Madison
      Doris Abigail Julia Judy Grace Denise Amber Marilyn Beverly Danielle Theresa Sophia Marie Diana Brittany Natalie
      Isabella Charlotte Rose Alexis Kayla Jasmine Zoë Chloë Imogen Poppy Freya Phoebe Matilda Yasmin Beatrix Siobhán`,
    male: words`James Robert John Michael David William Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony
      Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Timothy Ronald Edward Jason Jeffrey Ryan Jacob
      Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Alexander Frank Patrick
      Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Douglas Zachary Peter Kyle Ethan Walter Noah Jeremy
      Christian Keith Roger Terry Austin Sean Gerald Carl Harold Dylan Arthur Lawrence Jordan Jesse Bryan Billy Bruce
      Gabriel Joe Logan Alan Juan Albert Willie Elijah Wayne Randy Vincent Mason Roy Ralph Bobby Russell Oliver Liam
      Oscar Theo Archie Alfie Rory Callum Angus Duncan Malcolm Seán Pádraig Rhys Owen Gareth Ellis Miles Felix Hugo`,
    last: words`Smith Johnson Williams Brown Jones Davis Miller Wilson Moore Taylor Anderson Thomas Jackson White Harris
      Martin Thompson Robinson Clark Lewis Lee Walker Hall Allen Young King Wright Scott Green Baker Adams Nelson Hill
      Campbell Mitchell Roberts Carter Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers
      Morgan Cooper Peterson Bailey Reed Kelly Howard Cox Ward Richardson Watson Brooks Wood James Bennett Gray Hughes
      Price Myers Long Foster Sanders Ross Powell Sullivan Russell Perry Butler Barnes Fisher Henderson Coleman Jenkins
      Patterson Jordan Graham Reynolds Hamilton Ford Wallace West Cole Hayes Gibson Ellis Stevens Murray Freeman Wells
      Webb Simpson Tucker Porter Hunter Hicks Crawford Henry Boyd Mason Kennedy Warren Dixon Burns Gordon Shaw Holmes
      Rice Robertson Hunt Black Daniels Palmer Mills Grant Knight Ferguson Stone Dunn Perkins Hudson Spencer Gardner
      Payne Pierce Berry Matthews Arnold Wagner Willis Ray Watkins Olson Carroll Duncan Snyder Hart Cunningham Lane
      Andrews Ruiz Harper Fox Riley Armstrong Carpenter Weaver Greene Lawrence Elliott Chavez Sims Austin Peters Kelley
      Franklin Lawson Smithers Smithson Smitherman Goldsmith Arrowsmith Naismith Hammersmith Smyth Smart Small
      O’Brien O’Connor O’Neill O’Sullivan McCarthy McDonald McKenzie McLeod MacGregor Fitzgerald Ó’Súilleabháin`,
    heads: words`Ash Black Brad Bright Brook Cal Carl Clay Cran Craw Cress Dal Dun East Elm Fair Far Glen Green Hal
      Hart Hather Hay Hazel High Hollo Kings Lang Lin Long Maple Mar Mid Moor Nor Oak Pem Pine Rad Red Ridge Rock Rose
      Ruther Sand Shef South Stan Stone Strat Sun Thorn Wake Wal West Whit Wind Wood`,
    tails: words`ford ton ley wood well ham worth field bury man brook stead land more gate croft shaw by combe wick`,
  },
  french: {
    female: words`Marie Nathalie Isabelle Sylvie Catherine Françoise Monique Christine Nicole Anne Sophie Martine
      Valérie Céline Sandrine Stéphanie Véronique Aurélie Julie Émilie Camille Léa Manon Chloé Emma Inès Jade Louise
      Alice Juliette Zoé Lucie Margaux Agathe Héloïse Éléonore Clémence Amélie Élodie Mélanie Hélène Geneviève Thérèse
      Noémie Anaïs Maëlle Océane Solène Gaëlle Joséphine Adèle Bérénice Mathilde Victoire Apolline Capucine Oriane`,
    male: words`Jean Pierre Michel André Philippe Alain Bernard Jacques Daniel Patrick Christophe Nicolas Laurent Frédéric
      Olivier Stéphane Pascal Thierry Éric François Julien Sébastien Guillaume Jérôme Benoît Mathieu Étienne Rémi Loïc
      Gaël Yves Cédric Fabien Hervé Raphaël Léo Gabriel Louis Hugo Lucas Théo Maël Noé Clément Bastien Baptiste Émile
      Gérard René Thibault Aurélien Grégoire Côme Édouard Arsène Augustin Gaspard Timothée Ambroise Félix`,
    last: words`Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia
      David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François Martinez
      Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier
      Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier Roger
      Roche Roy Noël Meyer Lucas Meunier Jean Pérez Marchand Dufour Blanchard Marie Barbier Brun Dumas Brunet Schmitt
      Leroux Colas Picard Renard Arnaud Rolland Caron Aubert Giraud Leclerc Vidal Bourgeois Renaud Lemoine Benoît
      Charpentier Lacroix Béranger Crépin Desprès Évrard Hébert Lévêque Maréchal Pélissier Sénéchal Théron Vérité`,
    heads: words`Beau Belle Bois Bon Champ Clair Cour Fond Grand Haut La Le Long Mont Neu Petit Pont Roche Saint Val Ville`,
    tails: words`bois champ court fort lieu mont nier pré rieu val vigne ville pierre font rive`,
  },
  german: {
    female: words`Maria Anna Ursula Monika Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela
      Claudia Susanne Gabriele Christa Christine Hildegard Anja Barbara Nicole Stefanie Katrin Melanie Sandra Katharina
      Julia Lena Laura Lea Hannah Mia Emilia Sophie Johanna Clara Charlotte Frieda Ida Greta Marlene Jördis Käthe Bärbel
      Jasmin Yasmina Annegret Heike Silke Ute Birgit Dörte Elke Gesine Liesl Lieselotte Mechthild Swantje Wiebke`,
    male: words`Peter Michael Thomas Wolfgang Andreas Klaus Hans Jürgen Günter Stefan Christian Uwe Werner Horst Frank
      Dieter Manfred Gerhard Bernd Heinz Martin Joachim Walter Karl Helmut Alexander Markus Jan Matthias Rainer Sebastian
      Florian Daniel Tobias Felix Lukas Jonas Leon Finn Paul Maximilian Moritz Jakob Anton Emil Oskar Götz Jörg Björn
      Sönke Rüdiger Volker Detlef Eckhart Friedhelm Gernot Hartmut Ingo Kai Lothar Norbert Ottmar Reinhold Siegfried`,
    last: words`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein
      Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier
      Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß
      Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht
      Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich
      Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer
      Arnold Wolff Pfeiffer Zwick Zöllner Überall Österreicher Ähnlich Strauß Großmann Weißenberg Hößlin Schmieder`,
    heads: words`Alt Bach Berg Birken Blumen Eber Eichel Falken Feld Gold Grün Hasel Hirsch Hohen Kirch König Licht Linden
      Mühl Neu Ober Ost Rosen Roth Sand Schön Schwarz Silber Stein Stern Tannen Unter Wald Weiß Wester Winkel Wolfs Ziegel`,
    tails: words`bach berg bauer burg feld garten hauer hof holz kamp mann meier müller reich schmidt stein thal wald weg zweig`,
  },
  nordic: {
    female: words`Anna Maria Karin Kristina Ingrid Eva Margareta Birgitta Elisabeth Sara Emma Malin Åsa Jenny Hanna Linnéa
      Astrid Freja Signe Alma Saga Ebba Maja Wilma Tuva Solveig Ragnhild Gunnhild Sigrid Liv Nora Thea Ida Åse Bodil
      Kirsten Mette Lone Hanne Pernille Søs Rikke Dagny Guðrún Sigríður Helga Þóra Ásta Aino Aada Päivi Tuulikki`,
    male: words`Lars Anders Erik Per Karl Johan Nils Jan Mikael Olof Peter Gustav Sven Göran Björn Håkan Åke Jörgen Fredrik
      Oskar Axel Elias Lucas Magnus Sigurd Harald Knut Olav Ole Bjørn Øystein Kåre Tor Trygve Vidar Jens Niels Søren
      Rasmus Mads Kasper Jeppe Jón Guðmundur Sigurður Gunnar Þór Ólafur Juhani Mäki Väinö Eetu Aleksi Onni`,
    last: words`Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Hansen Johansen Olsen
      Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Nielsen Christensen Rasmussen Sørensen Jørgensen Madsen
      Kristensen Møller Lindberg Lindström Lindqvist Lindgren Axelsson Bergström Lundberg Lundgren Berglund Sandberg
      Forsberg Sjöberg Wallin Engström Eklund Danielsson Håkansson Bengtsson Jönsson Öberg Åberg Åkesson Ström Holmberg
      Bakken Haugen Hagen Moen Strand Solberg Dahl Lie Berge Ødegård Aas Bø Kjær Østergaard Nørgaard Korhonen Virtanen
      Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Jónsdóttir Sigurðsson Guðmundsdóttir`,
    heads: words`Ahl Alm Berg Björk Blom Bo Dal Ek Eng Fors Gran Gron Hag Hed Hjort Holm Högs Kull Lind Ljung Lund Mal Mel
      Norr Ny Ros Sand Sjö Sko Sten Ström Sund Söder Tall Väster Åker Öst`,
    tails: words`berg blad blom borg by dahl fors gren holm in kvist lund man mark qvist stedt strand ström vall`,
  },
} satisfies Record<string, NameLists>;
