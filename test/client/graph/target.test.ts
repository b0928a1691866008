import { describe, expect, it } from 'vitest';
import { toTarget } from '../../../client/graph/target.ts';
import { origin } from '../fake-page.ts';

const addressOf = (text: string) => {
  const target = toTarget(text, origin, '/api');
  return target.kind === 'own' ? target.address : target.url.href;
};
const kindOf = (text: string) => toTarget(text, origin, '/api').kind;

describe('the target of a call', () => {
  it.for([
    ['/me', '/api/graph/v1.0/me'],
    ['/v1.0/me', '/api/graph/v1.0/me'],
    ['/beta/me', '/api/graph/beta/me'],
    ['/api/graph/v1.0/me', '/api/graph/v1.0/me'],
    ['/api/orders', '/api/orders'],
    [`${origin}/api/graph/v1.0/me?$top=1`, `${origin}/api/graph/v1.0/me?$top=1`],
    ['https://graph.microsoft.com/v1.0/me', '/api/graph/v1.0/me'],
    ['https://graph.microsoft.com/$batch', '/api/graph/$batch'],
    ['HTTPS://GRAPH.microsoft.com/beta/me', '/api/graph/beta/me'],
    ['https://graph.microsoft.us/v1.0/me', '/api/graph/v1.0/me'],
    ['https://dod-graph.microsoft.us/v1.0/me', '/api/graph/v1.0/me'],
    ['https://microsoftgraph.chinacloudapi.cn/v1.0/me', '/api/graph/v1.0/me'],
  ])('%s is %s of this origin', ([text, address]) => {
    expect([kindOf(text ?? ''), addressOf(text ?? '')]).toEqual(['own', address]);
  });

  it('has the path of Graph as it was written', () => {
    const path = `/v1.0/me/drive/root:/Q1 [draft] %233.docx:/content?$filter=name eq 'O''Brien'`;
    expect(addressOf(`https://graph.microsoft.com${path}`)).toBe(`/api/graph${path}`);
  });

  it('is another origin for the address of a file', () => {
    const url = 'https://contoso-my.sharepoint.com/personal/_layouts/15/download.aspx?tempauth=v1.x';
    expect([kindOf(url), addressOf(url)]).toEqual(['elsewhere', url]);
  });

  it('follows the path of the functions', () => {
    expect(toTarget('/me', origin, '/bff')).toEqual({ kind: 'own', address: '/bff/graph/v1.0/me' });
    expect(toTarget('/bff/orders', origin, '/bff')).toEqual({ kind: 'own', address: '/bff/orders' });
  });

  describe('refuses', () => {
    it.for(['me', '', 'javascript:alert(1)', 'data:,x', `blob:${origin}/1`, 'ftp://files.example/x'])(
      '"%s"',
      (text) => {
        expect(() => toTarget(text, origin, '/api')).toThrow(TypeError);
      },
    );

    it.for([
      'https://graph.microsoft.com.evil.example/v1.0/me',
      'https://graph.microsoft.com@evil.example/v1.0/me',
      'https://evil.example/graph.microsoft.com/v1.0/me',
      `${origin}.evil.example/api/graph/v1.0/me`,
      `${origin}@evil.example/api/graph/v1.0/me`,
      'https://graph.microsoft.com:8443/v1.0/me',
      'http://graph.microsoft.com/v1.0/me',
    ])('to take %s for Graph or for this origin', (text) => {
      expect(kindOf(text)).toBe('elsewhere');
    });
  });
});
