#include "futures/future.h"
#include <cassert>
#include <cstdio>
#include <thread>
#include <string>
using namespace cohort;
int main(){
  Promise<int> p; auto f=p.future();
  auto g=f.then([](Future<int> x){return x.result()+1;}).then([](Future<int> x){return std::to_string(x.result());});
  std::thread t([&]{p.set_result(41);});
  assert(g.result()=="42"); t.join();
  Promise<void> pv; pv.set_result(); pv.future().result();
  int k=3; Promise<int&> pr; pr.set_result(k); assert(&pr.future().result()==&k);
  Promise<std::unique_ptr<int>> pu; pu.set_result(std::make_unique<int>(5)); assert(*pu.future().result()==5);
  {Promise<int> b; auto fb=b.future(); {auto x=std::move(b);} try{fb.result();assert(0);}catch(BrokenPromise&){} }
  // long chain
  Promise<int> lp; Future<int> c=lp.future(); for(int i=0;i<1000000;i++) c=c.then([](Future<int> x){return x.result()+1;});
  lp.set_result(0); std::printf("%d\n", c.result());
  auto fl=f.then([](Future<int>){Promise<int> q; auto r=q.future(); q.set_result(7); return r;}); assert(fl.result()==7);
}
