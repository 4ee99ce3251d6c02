def hard(o, lab, hosts): pass
def udp(o, lab, hosts): pass
