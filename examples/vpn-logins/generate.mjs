// Writes four weeks of made-up VPN logins as JSON lines, with one intruder in the last days: "mia"
// logs in by night from a city and a device of nobody's, and takes the whole payroll with her.
// node examples/vpn-logins/generate.mjs > logins.jsonl

const TEAMS = {
  sales: {cities: ['Berlin', 'Hamburg'], hosts: ['crm.example.com', 'mail.example.com']},
  build: {cities: ['Berlin', 'Leipzig'], hosts: ['git.example.com', 'ci.example.com']},
  people: {cities: ['Hamburg', 'Munich'], hosts: ['payroll.example.com', 'mail.example.com']},
};
const NAMES = [
  'ada',
  'ben',
  'cem',
  'dora',
  'emil',
  'finn',
  'gül',
  'hana',
  'ivo',
  'jule',
  'kim',
  'mia',
];
const START = Date.parse('2026-01-05T00:00:00Z');
const DAY = 86_400_000;

let state = 42;
function random() {
  // A linear congruence (Knuth, MMIX, its lower half) will do for made-up people.
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];

const users = NAMES.map((name, i) => {
  const team = name === 'mia' ? 'sales' : Object.keys(TEAMS)[i % 3];
  const home = pick(TEAMS[team].cities);
  return {name, team, home, net: 10 + i, device: pick(['laptop-mac', 'laptop-win', 'phone'])};
});

const lines = [];
for (let day = 0; day < 28; day++) {
  if (day % 7 > 4) continue;
  for (const {name, team, home, net, device} of users) {
    const logins = 4 + Math.floor(random() * 5);
    for (let i = 0; i < logins; i++) {
      const {cities, hosts} = TEAMS[team];
      lines.push({
        time: START + day * DAY + (7 + random() * 10) * 3_600_000,
        user: {name: random() < 0.1 ? name.toUpperCase() : name, team},
        client: {
          city: random() < 0.95 ? home : pick(cities),
          ip: `85.214.${net}.${1 + Math.floor(random() * 200)}`,
          device,
        },
        url: `https://${pick(hosts)}/${Math.floor(random() * 1000)}`,
        bytes: Math.floor(2 ** (10 + random() * 6)),
      });
    }
  }
}
for (let i = 0; i < 6; i++) {
  lines.push({
    time: START + 24 * DAY + (1 + i / 10) * 3_600_000,
    user: {name: 'mia', team: 'sales'},
    client: {city: 'Vladivostok', ip: '213.87.4.9', device: 'linux-box'},
    url: `https://payroll.example.com/export/${i}`,
    bytes: 900_000_000 + i,
  });
}
lines.sort((a, b) => a.time - b.time);
lines.forEach((line, i) => {
  const time = new Date(line.time).toISOString();
  process.stdout.write(`${JSON.stringify({...line, time, session: {id: `s-${i}`}})}\n`);
});
