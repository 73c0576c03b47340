"""twoway"""
