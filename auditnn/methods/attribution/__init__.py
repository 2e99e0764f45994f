"""Attribution methods, one per file, named as the papers name them; each also takes a plain model and arrays.

Importing a function here declares it in METHODS.
"""

from auditnn.methods.attribution.controls import input_values as input_values
from auditnn.methods.attribution.controls import random_attribution as random_attribution
from auditnn.methods.attribution.exact_shapley import exact_shapley as exact_shapley
from auditnn.methods.attribution.method import METHODS as METHODS
from auditnn.methods.attribution.result import Attribution as Attribution
