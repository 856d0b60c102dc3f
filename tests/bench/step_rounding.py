#!/usr/bin/env python3
"""What rounding alone does to a whole step of the all-q4 model of bench_kernels_step.cu (head_dim 128, 290 tokens).

In float64, once as it is and once with the input of every product rounded to 8 bits with a scale per 32, as the decode
kernels round it (down's 480 columns are no whole strips, so its input is not rounded by halves); the cache is not
rounded. Prints the worst and the median token's relative error of the logits, that token's ‖logits‖ over the median
one's and its position, a random model a line. Needs numpy.
usage: step_rounding.py FIRST_SEED END_SEED
"""
import sys

import numpy as np

CB=np.array([-127,-104,-83,-65,-49,-35,-22,-10,1,13,25,38,53,69,89,113],float)
def mat(rng,r,c,dev):
    s=dev/60*(0.5+rng.integers(0,1000,(r,c//32))/1000.0); s=s.astype(np.float16).astype(float)
    return CB[rng.integers(0,16,(r,c))]*np.repeat(s,32,1)
def q8(x):
    g=x.reshape(-1,32); m=np.abs(g).max(1,keepdims=True); m[m==0]=1
    return (np.rint(g*127/m)*m/127).reshape(-1)
def run(seed,tokens=290):
    rng=np.random.default_rng(seed)
    L,H,nh,nk,hd,I,V=2,256,8,2,128,480,777
    ls=[]
    for _ in range(L):
        d=lambda r,c: mat(rng,r,c,1/np.sqrt(c))
        ls.append(dict(q=d(nh*hd,H),k=d(nk*hd,H),v=d(nk*hd,H),o=d(H,nh*hd),g=d(I,H),u=d(I,H),d=d(H,I),
                       n1=1+.2*rng.standard_normal(H),n2=1+.2*rng.standard_normal(H)))
    emb=mat(rng,V,H,1); head=mat(rng,V,H,1/np.sqrt(H)); fn=1+.2*rng.standard_normal(H)
    inv=10000.0**(-2*np.arange(hd//2)/hd)
    toks=rng.integers(0,V,tokens)
    def rope(x,p):
        a=p*inv; c,s=np.cos(a),np.sin(a); h=hd//2
        return np.concatenate([x[...,:h]*c-x[...,h:]*s, x[...,h:]*c+x[...,:h]*s],-1)
    def forward(rnd):
        r=q8 if rnd else (lambda x:x)
        K=[[] for _ in ls]; Vv=[[] for _ in ls]; out=[]
        for p,t in enumerate(toks):
            x=emb[t].copy()
            for i,l in enumerate(ls):
                # the norm's root is applied behind the product
                root=1/np.sqrt((x*x).mean()+1e-5); xi=r(x*l['n1'])
                q=rope((l['q']@xi*root).reshape(nh,hd),p); k=rope((l['k']@xi*root).reshape(nk,hd),p); v=(l['v']@xi*root).reshape(nk,hd)
                K[i].append(k); Vv[i].append(v); KK=np.array(K[i]); VV=np.array(Vv[i]); a=np.empty((nh,hd))
                for h in range(nh):
                    s=KK[:,h//4]@q[h]/np.sqrt(hd); w=np.exp(s-s.max()); a[h]=(w/w.sum())@VV[:,h//4]
                x=x+l['o']@r(a.reshape(-1))
                root=1/np.sqrt((x*x).mean()+1e-5); xi=r(x*l['n2'])
                g=l['g']@xi*root; x=x+l['d']@r(g/(1+np.exp(-g))*(l['u']@xi*root))
            root=1/np.sqrt((x*x).mean()+1e-5); out.append(head@r(x*fn)*root)
        return np.array(out)
    a,b=forward(False),forward(True)
    n=np.linalg.norm(a,axis=1); e=np.linalg.norm(a-b,axis=1)/n; w=e.argmax()
    return e[w],np.median(e),n[w]/np.median(n),w
if __name__=='__main__':
    lo,hi=int(sys.argv[1]),int(sys.argv[2])
    for s in range(lo,hi):
        print(s,'worst %.2e median %.2e norm of that token/median %.2f position %d'%run(s),flush=True)
