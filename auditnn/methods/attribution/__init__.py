"""Attribution methods, one per file, named as the papers name them; each also takes a plain model and arrays.

Importing a function here declares it in METHODS.
"""

from auditnn.methods.attribution.controls import input_values as input_values
from auditnn.methods.attribution.controls import random_attribution as random_attribution
from auditnn.methods.attribution.deep_lift import deep_lift as deep_lift
from auditnn.methods.attribution.deep_lift_shap import deep_lift_shap as deep_lift_shap
from auditnn.methods.attribution.exact_shapley import exact_shapley as exact_shapley
from auditnn.methods.attribution.grad_cam import grad_cam as grad_cam
from auditnn.methods.attribution.gradient import gradient as gradient
from auditnn.methods.attribution.gradient_shap import gradient_shap as gradient_shap
from auditnn.methods.attribution.guided_backpropagation import guided_backpropagation as guided_backpropagation
from auditnn.methods.attribution.input_x_gradient import input_x_gradient as input_x_gradient
from auditnn.methods.attribution.integrated_gradients import integrated_gradients as integrated_gradients
from auditnn.methods.attribution.kernel_shap import kernel_shap as kernel_shap
from auditnn.methods.attribution.lime import lime as lime
from auditnn.methods.attribution.linear_shapley import linear_shapley as linear_shapley
from auditnn.methods.attribution.method import METHODS as METHODS
from auditnn.methods.attribution.occlusion import occlusion as occlusion
from auditnn.methods.attribution.permutation_shapley import permutation_shapley as permutation_shapley
from auditnn.methods.attribution.result import Attribution as Attribution
from auditnn.methods.attribution.smooth_grad import smooth_grad as smooth_grad
