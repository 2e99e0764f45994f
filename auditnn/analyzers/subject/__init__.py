"""Can the model's answers be believed at all?"""
