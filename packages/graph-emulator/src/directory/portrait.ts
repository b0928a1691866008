import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const sizePixels = 240;

type Color = readonly [red: number, green: number, blue: number];

const backdrops: readonly (readonly [Color, Color])[] = [
  [
    [255, 214, 165],
    [242, 132, 130],
  ],
  [
    [189, 224, 254],
    [91, 127, 199],
  ],
  [
    [202, 240, 216],
    [62, 146, 121],
  ],
  [
    [226, 209, 249],
    [125, 92, 180],
  ],
  [
    [255, 229, 153],
    [214, 138, 62],
  ],
];
const skins: readonly Color[] = [
  [247, 209, 178],
  [226, 174, 138],
  [186, 128, 92],
  [132, 87, 60],
  [94, 60, 42],
];
const hairs: readonly Color[] = [
  [43, 33, 30],
  [92, 58, 38],
  [160, 106, 58],
  [214, 176, 108],
  [120, 118, 122],
];
const clothes: readonly Color[] = [
  [38, 50, 72],
  [140, 47, 57],
  [24, 95, 90],
  [236, 236, 230],
  [74, 66, 110],
];

/** Returns a drawn portrait as a PNG. The same seed gives the same face. */
export function drawPortrait(seed: string): Buffer {
  const dice = createHash('sha256').update(seed).digest();
  const roll = <Item>(position: number, from: readonly Item[]): Item => {
    const item = from[(dice[position] ?? 0) % from.length];
    if (item === undefined) throw new RangeError('nothing to choose from');
    return item;
  };
  const [light, dark] = roll(0, backdrops);
  const [skin, hair, cloth] = [roll(1, skins), roll(2, hairs), roll(3, clothes)];
  const longHair = (dice[4] ?? 0) % 2 === 0;

  // From back to front. Each shape returns its distance to the edge in pixels, negative inside.
  const layers: readonly (readonly [Color, (x: number, y: number) => number])[] = [
    ...(longHair ? [[hair, ellipse(120, 118, 64, 82)] as const] : []),
    [cloth, ellipse(120, 252, 92, 82)],
    [skin.map((part) => part * 0.9) as [number, number, number], ellipse(120, 168, 24, 34)],
    [hair, ellipse(120, 88, 58, 56)],
    [skin, ellipse(120, 112, 46, 56)],
    [
      hair,
      (x, y) =>
        Math.max(ellipse(120, 92, 50, 44)(x, y), ellipse(longHair ? 84 : 150, 132, 82, 62)(x, y) * -1),
    ],
  ];

  return encodePng((x, y) => {
    let color = mix(light, dark, (x + y) / (2 * sizePixels));
    for (const [paint, distance] of layers) {
      // Half a pixel on each side of the edge is blended, which gives smooth outlines.
      color = mix(color, paint, Math.min(1, Math.max(0, 0.5 - distance(x, y))));
    }
    return color;
  });
}

function ellipse(centerX: number, centerY: number, radiusX: number, radiusY: number) {
  return (x: number, y: number) =>
    (Math.hypot((x - centerX) / radiusX, (y - centerY) / radiusY) - 1) * Math.min(radiusX, radiusY);
}

function mix(from: Color, to: Color, share: number): Color {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}

/** @see https://www.w3.org/TR/png-3/ */
function encodePng(pixel: (x: number, y: number) => Color): Buffer {
  const rowBytes = 1 + sizePixels * 3; // filter byte, then RGB
  const raw = Buffer.alloc(rowBytes * sizePixels);
  for (let y = 0; y < sizePixels; y++) {
    for (let x = 0; x < sizePixels; x++) raw.set(pixel(x, y).map(Math.round), y * rowBytes + 1 + x * 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sizePixels, 0);
  header.writeUInt32BE(sizePixels, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits a channel, RGB, standard compression, filter and order
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}
