/** The demo: three merchants at Union Square, San Francisco, and one customer who walks there. Positions are WGS-84. */

export type DemoScene = {
  name: string
  goal: 'visit' | 'redemption' | 'rating'
  triggers: (
    | { type: 'enter' }
    | { type: 'event'; eventType: 'qr_scan' }
    | { type: 'due'; plan: { kind: 'afterLastVisit'; days: number } }
  )[]
  message: {
    push?: { title: string; body: string }
    sms?: { body: string }
    kind?: 'service'
    ttlS: number
  }
  limits: { coolDownS: number; maxAgeS: number }
  priority?: number
  /** Gives units of the merchant's offer. */
  givesOffer: boolean
}

export type DemoMerchant = {
  name: string
  store: { name: string; lat: number; lon: number; subdivision: string }
  radiusM: number
  offer: { name: string; kind: 'coupon' | 'gift'; description: string; stock: number; validityS: number }
  scenes: DemoScene[]
}

const DAY_S = 86_400

export const COFFEE: DemoMerchant = {
  name: 'Square Coffee',
  store: { name: 'Square Coffee, Union Square', lat: 37.78832, lon: -122.40722, subdivision: 'US-CA' },
  radiusM: 50,
  offer: {
    name: 'A coffee on the house',
    kind: 'coupon',
    description: 'One filter coffee, today.',
    stock: 100,
    validityS: DAY_S,
  },
  scenes: [
    {
      name: 'Walk in',
      goal: 'visit',
      // Above the scenes that one tries out beside it.
      priority: 60,
      triggers: [{ type: 'enter' }],
      message: {
        push: { title: 'Square Coffee', body: 'You are just around the corner: a coffee is on us today.' },
        sms: { body: 'Square Coffee: you are just around the corner, a coffee is on us today.' },
        ttlS: 900,
      },
      limits: { coolDownS: DAY_S, maxAgeS: 300 },
      givesOffer: true,
    },
  ],
}

export const BOOKS: DemoMerchant = {
  name: 'Maiden Lane Books',
  store: { name: 'Maiden Lane Books', lat: 37.78812, lon: -122.4046, subdivision: 'US-CA' },
  radiusM: 60,
  offer: {
    name: 'Bookmark',
    kind: 'gift',
    description: 'A letterpress bookmark with your next book.',
    stock: 20,
    validityS: 7 * DAY_S,
  },
  scenes: [
    {
      name: 'Scanned the window',
      goal: 'redemption',
      triggers: [{ type: 'event', eventType: 'qr_scan' }],
      // Without a text for push it goes out as an SMS.
      message: {
        sms: { body: 'Maiden Lane Books: show this code at the till for a bookmark.' },
        // It answers the customer's own act: neither the hour nor another message keeps it back.
        kind: 'service',
        ttlS: 3_600,
      },
      limits: { coolDownS: 60, maxAgeS: 300 },
      givesOffer: true,
    },
  ],
}

export const FLOWERS: DemoMerchant = {
  name: 'Geary Flowers',
  store: { name: 'Geary Flowers', lat: 37.78716, lon: -122.40838, subdivision: 'US-CA' },
  radiusM: 40,
  offer: {
    name: 'A rose',
    kind: 'gift',
    description: 'One rose with any bunch.',
    stock: 50,
    validityS: 3 * DAY_S,
  },
  scenes: [
    {
      name: 'Come back',
      goal: 'visit',
      triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days: 7 } }],
      message: {
        push: { title: 'Geary Flowers', body: 'A week has gone by: a rose waits for you.' },
        ttlS: DAY_S,
      },
      limits: { coolDownS: 7 * DAY_S, maxAgeS: DAY_S },
      givesOffer: true,
    },
  ],
}

export const DEMO_MERCHANTS: readonly DemoMerchant[] = [COFFEE, BOOKS, FLOWERS]

export const OWNER_SUB = 'demo-owner'
export const CUSTOMER_SUB = 'demo-customer'
/** An APNs token has 64 hexadecimal digits. */
export const DEVICE = { deviceId: 'demo-phone', platform: 'apns', token: 'de30'.repeat(16) }
/** 555-0100 to 555-0199 are kept for fiction (https://nationalnanpa.com/number_resource_info/555_numbers.html). */
export const PHONE_NUMBER = '+14155550142'

/** A place on the square where no merchant is yet, for the geofence that the user draws. */
export const NEW_PLACE = { name: 'The monument', lat: 37.78793, lon: -122.40751, radiusM: 25 }
