"""Given this corpus and this compute: how many parameters, how many tokens?"""
